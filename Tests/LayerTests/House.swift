import Foundation

/// The rooms of the house, their order and their guests: the table that the tests compare the sources with.
struct House {
  /// From the roof down.
  static let rooms = [
    "mp3spool", "Gateway", "AuthService", "WebServer", "Converter", "Notices", "Keeper", "Catalog", "Tokens", "Spool",
    "Decoder", "Loudness", "MP3Encoder", "Telemetry", "WebClient", "WireFormats", "DurableFiles", "Settings",
    "TerminalText", "Spelling",
  ]

  /// What C offers, and who makes it safe.
  static let walls: [String: Set<String>] = [
    "CFFmpeg": ["Decoder"], "CEBUR128": ["Loudness"], "CLAME": ["MP3Encoder"], "CCrypto": ["Catalog"],
    "CSeccomp": ["Decoder"],
    "CLinux": ["Decoder", "DurableFiles", "Telemetry", "mp3spool"],
  ]

  static let order = rooms + walls.keys.sorted()

  static func floor(of module: String) -> Int { order.firstIndex(of: module) ?? order.endIndex }

  struct Guest {
    let rooms: Set<String>
    let reason: String
  }

  /// Packages of others. Each is known to few rooms, so that it can be left, or updated, by looking at these.
  static let guests: [String: Guest] = [
    "Hummingbird": Guest(rooms: ["mp3spool", "Gateway", "AuthService", "WebServer"], reason: http),
    "HummingbirdCore": Guest(rooms: ["WebServer"], reason: wire),
    "HTTPTypes": Guest(rooms: ["Gateway", "AuthService", "WebServer"], reason: http),
    "NIOHTTP1": Guest(
      rooms: ["mp3spool", "Gateway", "WebServer", "Notices", "Telemetry", "WebClient"], reason: http),
    "NIOHTTP2": Guest(rooms: ["WebServer"], reason: wire),
    "NIOHTTPTypes": Guest(rooms: ["Gateway", "WebServer"], reason: http),
    "NIOHTTPTypesHTTP1": Guest(rooms: ["WebServer"], reason: wire),
    "NIOHTTPTypesHTTP2": Guest(rooms: ["WebServer"], reason: wire),
    "NIOSSL": Guest(rooms: ["WebServer", "Notices"], reason: wire),
    "NIOTLS": Guest(rooms: ["WebServer"], reason: wire),
    "NIOCore": Guest(
      rooms: ["mp3spool", "Gateway", "AuthService", "WebServer", "Notices", "Telemetry", "WebClient", "DurableFiles"],
      reason: "\(http); files are read into what the network takes without a copy"),
    "NIOFoundationCompat": Guest(
      rooms: ["Gateway"], reason: "hashes read a body's bytes where the network has put them"),
    "NIOPosix": Guest(
      rooms: ["Notices", "WebServer", "WebClient"],
      reason: "mail, servers and clients have sockets; threads for calls that block are BlockingThreads"),
    "NIOExtras": Guest(rooms: ["WebServer"], reason: wire),
    "AsyncHTTPClient": Guest(
      rooms: ["mp3spool", "Gateway", "Notices", "Telemetry", "WebClient"],
      reason:
        "WebClient knows how long an exchange may take: the gateway asks another service, notices go to strangers', commands to a gateway, spans to a collector; nothing else calls"
    ),
    "GRDB": Guest(rooms: ["Catalog"], reason: "one room knows that there is SQL"),
    "JWTKit": Guest(rooms: ["Tokens"], reason: "one room decides which signatures are believed"),
    "Crypto": Guest(
      rooms: ["mp3spool", "Gateway", "Converter", "Tokens", "Telemetry"],
      reason: "keys are Tokens' matter, checksums of the others"),
    "ArgumentParser": Guest(rooms: ["mp3spool"], reason: "rooms get their settings as values"),
    "UnixSignals": Guest(rooms: ["mp3spool"], reason: "signals are the process's matter"),
    "ServiceLifecycle": Guest(
      rooms: ["mp3spool", "Gateway", "WebServer", "Converter", "Notices", "Keeper", "Telemetry"],
      reason: "only what runs on is a service, or must end with one"),
    "Configuration": Guest(rooms: ["Settings"], reason: layers),
    "Yams": Guest(rooms: ["Settings"], reason: layers),
    "Logging": Guest(
      rooms: ["mp3spool", "Gateway", "AuthService", "WebServer", "Converter", "Notices", "Keeper", "Telemetry"],
      reason: "the rooms below say by their errors what went wrong, and whoever called them decides what is told"),
    "Metrics": Guest(
      rooms: ["WebServer", "Gateway", "Converter", "Notices", "Telemetry", "DurableFiles"], reason: counting),
    "Tracing": Guest(
      rooms: ["Telemetry"], reason: "the rooms say what they do by Telemetry, which knows who collects it"),
    "CoreMetrics": Guest(rooms: ["Telemetry"], reason: counting),
  ]

  private static let http =
    "HTTP ends in Gateway, AuthService and WebServer, and goes out of Notices and WebClient; everything below can be used and tested without it"
  private static let wire = "one room knows how requests lie on the wire; the routes see what they mean"
  private static let layers = "rooms get their settings as values, and know nothing of files and variables"
  private static let counting = "what is counted is counted where it happens, and shown by Telemetry"

  /// What comes with the toolchain.
  static let ofTheSystem: Set = ["Foundation", "FoundationEssentials", "Glibc", "Synchronization", "Dispatch"]

  static let everybodys = ofTheSystem.union(["SystemPackage"])

  /// Modules that come with another product.
  static let products = ["CoreMetrics": "Metrics"]

  static func mayBeUnsafe(_ file: SourceText) -> Bool {
    ["Decoder", "Loudness", "MP3Encoder", "DurableFiles"].contains(file.room)
      // scrypt, and chmod(2) of the database's files.
      || ["Catalog/PasswordHash.swift", "Catalog/CatalogFile.swift"].contains(file.path)
  }

  static func mayRename(_ file: SourceText) -> Bool {
    ["Spool", "DurableFiles"].contains(file.room)
      // None is about a job: an MP3 beside its video, one that was fetched, and copies of the database.
      || [
        "mp3spool/Remote/MP3Fetch.swift", "mp3spool/Commands/Convert/FileConversion.swift", "Catalog/Backup.swift",
        "Catalog/Restoration.swift",
      ].contains(file.path)
  }

  /// The checkout that this file belongs to, read once.
  static let thisOne = House()

  let root: URL
  let files: [SourceText]

  private init(file: String = #filePath) {
    root = URL(filePath: file).resolvingSymlinksInPath()
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let sources = root.appending(path: "Sources")
    let paths = FileManager.default.enumerator(atPath: sources.path)?.compactMap { $0 as? String } ?? []
    files = paths.filter { $0.hasSuffix(".swift") }.sorted().compactMap { path in
      (try? String(contentsOf: sources.appending(path: path), encoding: .utf8)).map { SourceText(path, $0) }
    }
  }
}

/// One Swift file of the sources.
struct SourceText: CustomStringConvertible {
  /// From `Sources/` on.
  let path: String
  /// Its lines without comments.
  let code: [Substring]
  /// The modules that it imports, be it for one declaration.
  let imports: Set<String>

  init(_ path: String, _ text: String) {
    self.path = path
    code = text.split(separator: "\n", omittingEmptySubsequences: false).map(Self.withoutComment)
    imports = Set(code.lazy.filter { $0.contains("import ") }.compactMap(Self.imported))
  }

  var room: String { String(path.prefix { $0 != "/" }) }

  var description: String { "Sources/\(path)" }

  private static func withoutComment(_ line: Substring) -> Substring {
    guard let slashes = line.firstRange(of: "//") else { return line }
    // The slashes of a URL in a text begin no comment.
    let isComment = slashes.lowerBound == line.startIndex || line[line.index(before: slashes.lowerBound)].isWhitespace
    return isComment ? line[..<slashes.lowerBound] : line
  }

  private static func imported(_ line: Substring) -> String? {
    let access = /^\s*((@\w+(\(\w+\))?|public|package|internal|private|fileprivate)\s+)*import\s+/
    let kind = /^(struct|class|enum|protocol|func|var|let|typealias)\s+/
    guard let start = line.firstMatch(of: access)?.range.upperBound else { return nil }
    let rest = line[start...]
    let name = rest[(rest.firstMatch(of: kind)?.range.upperBound ?? start)...].prefix {
      $0.isLetter || $0.isNumber || $0 == "_"
    }
    return String(name)
  }
}

/// What Package.swift says of the rooms' dependencies.
struct Manifest {
  /// By target: rooms and products.
  let dependencies: [String: Set<String>]

  init(_ text: String) {
    let names = text.matches(of: /let (\w+): Target\.Dependency = \.product\(name: "(\w+)"/)
      .map { (String($0.1), String($0.2)) }
    let aliases = Dictionary(uniqueKeysWithValues: names)
    var found: [String: Set<String>] = [:]
    for target in text.matches(
      of: /\.(?:target|executableTarget)\(\s*name: "(\w+)"(?:,\s*dependencies: (\[(?:[^\[\]])*\]))?/)
    {
      found[String(target.1)] = Self.names(in: target.2.map(String.init) ?? "", aliases)
    }
    dependencies = found
  }

  private static func names(in list: String, _ aliases: [String: String]) -> Set<String> {
    let products = list.matches(of: /\.product\(name: "(\w+)"/).map { String($0.1) }
    let rest = list.replacing(/\.product\([^)]*\)/, with: "")
    let rooms = rest.matches(of: /"(\w+)"/).map { String($0.1) }
    let words = rest.replacing(/"\w+"/, with: "").matches(of: /\w+/).map { String($0.0) }
    return Set(products + rooms + words.map { aliases[$0] ?? $0 })
  }
}
