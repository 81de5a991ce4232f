// swift-tools-version: 6.2
import PackageDescription

/// What every target is compiled with: no unsafe construct goes unmarked, no import leaks, no existential hides.
let strict: [SwiftSetting] = [
  .strictMemorySafety(),
  .treatWarning("StrictMemorySafety", as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTP2: Target.Dependency = .product(name: "NIOHTTP2", package: "swift-nio-http2")
let ahc: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let tracing: Target.Dependency = .product(name: "Tracing", package: "swift-distributed-tracing")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")

/// The house, from the roof down: a target imports only what stands below it (`LayerTests` checks it).
let rooms: [Target] = [
  .executableTarget(
    name: "mp3spool",
    dependencies: [
      "Gateway", "AuthService", "WebServer", "Converter", "Notices", "Keeper", "Catalog", "Tokens", "Spool", "Decoder",
      "MP3Encoder", "WireFormats", "DurableFiles", "Settings", "Telemetry", "WebClient", "TerminalText", "Spelling",
      "CLinux",
      system,
      logging, lifecycle, nioCore, nioHTTP1, ahc, crypto,
      hummingbird,
      .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      .product(name: "ArgumentParser", package: "swift-argument-parser"),
    ],
    // Where etc/tune-lame puts a LAME that was built for this machine's processor.
    linkerSettings: [.unsafeFlags(["-Xlinker", "-rpath=$ORIGIN/../lib/mp3spool"])]),
  .target(
    name: "Gateway",
    dependencies: [
      "AuthService", "WebServer", "Notices", "Keeper", "Catalog", "Tokens", "Spool", "Telemetry", "WebClient",
      "WireFormats", "DurableFiles", system, logging, lifecycle, metrics, ahc,
      hummingbird, crypto, nioCore,
      .product(name: "NIOFoundationCompat", package: "swift-nio"),
      .product(name: "NIOHTTP1", package: "swift-nio"),
      .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
      .product(name: "HTTPTypes", package: "swift-http-types"),
    ],
    exclude: ["Assets/openapi.yaml", "Assets/page"], plugins: ["EmbedAssets"]),
  .target(
    name: "AuthService",
    dependencies: [
      "WebServer", "Catalog", "Tokens", "WireFormats", logging, hummingbird, nioCore,
      .product(name: "HTTPTypes", package: "swift-http-types"),
    ]),
  .target(
    name: "WebServer",
    dependencies: [
      "Telemetry", "WireFormats", logging, hummingbird, nioCore, nioHTTP1, nioPosix, httpTypes, lifecycle,
      metrics,
      .product(name: "HummingbirdCore", package: "hummingbird"),
      .product(name: "NIOExtras", package: "swift-nio-extras"),
      .product(name: "NIOTLS", package: "swift-nio"),
      nioSSL,
      nioHTTP2,
      .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
      .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
      .product(name: "NIOHTTPTypesHTTP2", package: "swift-nio-extras"),
    ]),
  .target(
    name: "Converter",
    dependencies: [
      "Tokens", "Spool", "Decoder", "Loudness", "MP3Encoder", "Telemetry", "WireFormats", "DurableFiles", system,
      logging, lifecycle, crypto, metrics,
    ]),
  .target(
    name: "Notices",
    dependencies: [
      "Catalog", "Tokens", "Spool", "Telemetry", "WebClient", "WireFormats", "DurableFiles", logging, lifecycle, ahc,
      nioCore,
      nioHTTP1, nioPosix, nioSSL, metrics,
    ]),
  .target(
    name: "Keeper",
    dependencies: [
      "Catalog", "Tokens", "Spool", "Telemetry", "WireFormats", "DurableFiles", system, logging, lifecycle,
    ]
  ),
  .target(
    name: "Catalog",
    dependencies: [
      "Tokens", "Spool", "WireFormats", "DurableFiles", "CCrypto", system,
      .product(name: "GRDB", package: "GRDB.swift"),
    ]),
  .target(
    name: "Tokens", dependencies: ["Spool", "WireFormats", crypto, .product(name: "JWTKit", package: "jwt-kit")]),
  .target(name: "Spool", dependencies: ["WireFormats", "DurableFiles", system]),
  .target(name: "Decoder", dependencies: ["WireFormats", "CFFmpeg", "CSeccomp", "CLinux", system]),
  .target(name: "Loudness", dependencies: ["CEBUR128"]),
  .target(name: "MP3Encoder", dependencies: ["WireFormats", "CLAME"]),
  .target(name: "WireFormats", dependencies: ["Spelling"]),
  .target(name: "DurableFiles", dependencies: ["CLinux", system, metrics, nioCore]),
  .target(
    name: "Settings",
    dependencies: [
      "Spelling", system,
      .product(name: "Configuration", package: "swift-configuration"),
      .product(name: "Yams", package: "Yams"),
    ]),
  .target(
    name: "Telemetry",
    dependencies: [
      "WebClient", "WireFormats", "CLinux", system, logging, metrics, tracing, lifecycle, ahc, nioCore, nioHTTP1,
      crypto,
    ]),
  .target(name: "WebClient", dependencies: [ahc, nioCore, nioHTTP1, nioPosix]),
  .target(name: "TerminalText"),
  .target(name: "Spelling"),
]

/// Names that Swift can't reach otherwise.
let walls: [Target] = [
  .systemLibrary(name: "CFFmpeg", pkgConfig: "libavformat", providers: [.apt(["libavformat-dev", "libavcodec-dev"])]),
  .systemLibrary(name: "CEBUR128", pkgConfig: "libebur128", providers: [.apt(["libebur128-dev"])]),
  .systemLibrary(name: "CLAME", providers: [.apt(["libmp3lame-dev"])]),
  .systemLibrary(name: "CSeccomp", pkgConfig: "libseccomp", providers: [.apt(["libseccomp-dev"])]),
  .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
  .target(name: "CLinux"),
]

/// Each room's own rules; `LayerTests` checks the house and `EndToEndTests` the built binary.
let tests: [Target] = [
  .testTarget(name: "EndToEndTests", dependencies: ["mp3spool"], exclude: ["Help"]),
  .testTarget(name: "LayerTests"),
  // The documents, compared with the code.
  .testTarget(
    name: "DocumentTests", dependencies: ["EndToEndTests", "Settings", system, .product(name: "Yams", package: "Yams")]),
  // The program on several hosts, as etc/test hosts brings them up, with the means of the tests on one.
  .testTarget(name: "HostTests", dependencies: ["EndToEndTests", "WireFormatsTests"], exclude: ["Lab"]),
  .testTarget(
    name: "ConverterTests",
    dependencies: ["Converter", "Decoder", "MP3Encoder", "Spool", "WireFormats", "DurableFiles", system]),
  .testTarget(
    name: "KeeperTests",
    dependencies: [
      "Keeper", "Catalog", "Tokens", "Spool", "WireFormats", "DurableFiles", system, logging,
      .product(name: "GRDB", package: "GRDB.swift"),
    ]),
  .testTarget(name: "NoticesTests", dependencies: ["Notices", "Catalog", "Tokens", "Spool", "WireFormats"]),
  .testTarget(
    name: "SpoolTests",
    dependencies: ["Spool", "WireFormats", "DurableFiles", system]),
  .testTarget(
    name: "AuthServiceTests",
    dependencies: [
      "AuthService", "Catalog", "Tokens", system, logging, hummingbird, nioCore,
      .product(name: "HTTPTypes", package: "swift-http-types"), .product(name: "GRDB", package: "GRDB.swift"),
    ]),
  .testTarget(
    name: "GatewayTests",
    dependencies: [
      "Gateway", "AuthService", "Notices", "Keeper", "Catalog", "Tokens", "Spool", "WireFormats", system, logging,
      hummingbird, httpTypes, nioCore, .product(name: "Yams", package: "Yams"),
    ]),
  .testTarget(
    name: "WebServerTests",
    dependencies: [
      "WebServer", logging, hummingbird, nioCore, nioPosix, nioHTTP1, nioHTTP2, httpTypes,
      .product(name: "NIOEmbedded", package: "swift-nio"),
    ]),
  .testTarget(name: "WebClientTests", dependencies: ["WebClient", ahc, nioCore, nioHTTP1, nioPosix]),
  .testTarget(name: "TerminalTextTests", dependencies: ["TerminalText"]),
  .testTarget(name: "SpellingTests", dependencies: ["Spelling"]),
  .testTarget(name: "SettingsTests", dependencies: ["Settings", system]),
  .testTarget(name: "TelemetryTests", dependencies: ["Telemetry", "WireFormats", logging, metrics, tracing]),
  .testTarget(name: "WireFormatsTests", dependencies: ["WireFormats"]),
  .testTarget(name: "DurableFilesTests", dependencies: ["DurableFiles", system]),
  .testTarget(name: "LoudnessTests", dependencies: ["Loudness", "CEBUR128"]),
  .testTarget(name: "MP3EncoderTests", dependencies: ["WireFormats", "MP3Encoder", "CLAME"]),
  .testTarget(
    name: "DecoderTests", dependencies: ["WireFormats", "Decoder", "DecoderTrials", "mp3spool", "CFFmpeg", system]),
  // A decoder whose children do what a file might have them do.
  .executableTarget(
    name: "DecoderTrials", dependencies: ["Decoder", "CLinux", system], path: "Tests/DecoderTrials"),
  // Crashes, errors, lost replies, power cuts and full disks.
  .testTarget(
    name: "FaultTests",
    dependencies: [
      "EndToEndTests", "SpoolTests", "WireFormatsTests", "Spool", "SpoolTrials", "mp3spool", "DurableFiles", system,
    ]),
  // A process that takes one step in the spool, so that it can meet with a fault at each of its calls.
  .executableTarget(
    name: "SpoolTrials", dependencies: ["Spool", "WireFormats", "DurableFiles", system, crypto],
    path: "Tests/SpoolTrials"),
  .testTarget(
    name: "TokensTests",
    dependencies: ["Tokens", "Spool", "WireFormats", crypto, .product(name: "JWTKit", package: "jwt-kit")]),
  .testTarget(
    name: "CatalogTests",
    dependencies: [
      "Catalog", "Tokens", "Spool", "WireFormats", "DurableFiles", system,
      .product(name: "GRDB", package: "GRDB.swift"),
    ], exclude: ["Schemas"]),
]

/// What the faulted processes of FaultTests have preloaded. The tests do not link it, or it would be in themselves.
let faults: [Target] = [.target(name: "FaultPoints", path: "Tests/FaultPoints")]

/// Puts the page and the description of the HTTP interface into the program.
let embedding: [Target] = [
  .executableTarget(name: "embed-assets", path: "etc/embed/tool"),
  .plugin(name: "EmbedAssets", capability: .buildTool(), dependencies: ["embed-assets"], path: "etc/embed/plugin"),
]

/// What etc/fuzz builds. Only its build has libFuzzer, without which this cannot be linked.
let fuzz: [Target] =
  Context.environment["MP3SPOOL_FUZZ"] == nil
  ? []
  : [
    .executableTarget(
      name: "Fuzz",
      dependencies: [
        "Tokens", "Spool", "Decoder", "MP3Encoder", "WireFormats", "Settings", "CFFmpeg", system, crypto,
      ],
      path: "Tests/Fuzz", exclude: ["Seeds"])
  ]

for target in rooms + tests + fuzz { target.swiftSettings = strict }

let package = Package(
  name: "mp3spool",
  products: [
    .executable(name: "mp3spool", targets: ["mp3spool"]),
    .library(name: "FaultPoints", type: .dynamic, targets: ["FaultPoints"]),
  ],
  // Exact versions, since Package.resolved is not committed.
  dependencies: [
    .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    .package(url: "https://github.com/vapor/jwt-kit", exact: "5.7.1"),
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(
      url: "https://github.com/apple/swift-configuration", exact: "1.4.0", traits: [.defaults, "YAML", "Logging"]),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
    .package(url: "https://github.com/apple/swift-distributed-tracing", exact: "1.7.3"),
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-extras", exact: "1.35.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
    .package(url: "https://github.com/apple/swift-nio-http2", exact: "1.46.0"),
    .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
    .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
    .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
    .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
  ],
  targets: rooms + walls + embedding + tests + faults + fuzz
)
