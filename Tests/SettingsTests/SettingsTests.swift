import Foundation
import SystemPackage
import Testing

@testable import Settings

@Suite struct SettingsTests {
  /// A YAML file for one test.
  private final class File {
    let path: FilePath

    init(_ text: String) throws {
      path = FilePath(NSTemporaryDirectory()).appending("SettingsTests-\(UUID().uuidString).yaml")
      try Data(text.utf8).write(to: URL(filePath: path.string))
    }

    deinit { try? FileManager.default.removeItem(atPath: path.string) }
  }

  private func load(
    flags: [SettingName: String] = [:], environment: [String: String] = [:], yaml: String = "# nothing"
  ) async throws(SettingsError) -> Settings {
    let file: File
    do { file = try File(yaml) } catch { throw SettingsError("no file: \(error)") }
    return try await Settings.load(flags: flags, environment: environment, file: file.path)
  }

  /// The sentence with which the settings are refused.
  private func refusal(
    flags: [SettingName: String] = [:], environment: [String: String] = [:], yaml: String = "# nothing"
  ) async -> String {
    do { _ = try await load(flags: flags, environment: environment, yaml: yaml) } catch { return error.description }
    return "accepted"
  }

  // MARK: - Layers

  @Test func withoutAnySettingTheDefaultsHold() async throws {
    let settings = try await load()
    let cores = ProcessInfo.processInfo.activeProcessorCount
    #expect((settings.spool, settings.database) == ("spool", "spool/mp3spool.sqlite"))
    #expect("\(settings.listen) \(settings.authListen)" == "127.0.0.1:8080 127.0.0.1:5000")
    #expect((settings.authService, settings.jwtSecret) == (nil, nil))
    #expect((settings.converters, settings.encoderThreads) == (cores, cores))
    #expect((settings.maximumUpload, settings.reservedSpace) == (20 << 30, 256 << 20))
    #expect((settings.usersMayUpload, settings.loginRate) == (false, 30))
    #expect((settings.quota.bytes, settings.quota.minutes, settings.quota.waiting) == (nil, nil, nil))
    #expect((settings.dropOwner, settings.shutdownGrace, settings.logLevel) == ("drop", .seconds(30), "info"))
  }

  @Test func flagsGoBeforeTheEnvironmentAndThatBeforeTheFile() async throws {
    let yaml = "listen: file:1\nauth-listen: file:1\ndrop-owner: file\n"
    let environment = ["MP3SPOOL_LISTEN": "environment:2", "MP3SPOOL_AUTH_LISTEN": "environment:2"]
    let settings = try await load(flags: [.listen: "flag:3"], environment: environment, yaml: yaml)
    #expect("\(settings.listen) \(settings.authListen)" == "flag:3 environment:2")
    #expect(settings.dropOwner == "file")
  }

  @Test func anEmptyTextIsNoSetting() async throws {
    let settings = try await load(
      flags: [.listen: "", .authListen: ""], environment: ["MP3SPOOL_LISTEN": "", "MP3SPOOL_AUTH_LISTEN": "one:1"],
      yaml: "listen: two:2\ndrop-owner:\n")
    #expect("\(settings.listen) \(settings.authListen)" == "two:2 one:1")
    #expect(settings.dropOwner == "drop")
  }

  @Test(arguments: SettingName.allCases)
  func everySettingIsReadFromEachLayer(_ name: SettingName) async throws {
    let value =
      switch name {
      case .spool, .database: "/tmp/x"
      case .listen, .authListen, .authService, .publicURL: "localhost:7"
      case .jwtSecret: String(repeating: "1", count: 32)
      case .uploadBy: "user"
      case .quotaBytes, .quotaMinutes, .quotaWaiting, .loginRate, .converters, .encoderThreads, .shutdownGrace,
        .uploadExpiry:
        "7"
      case .maximumUpload, .reservedSpace, .keepFree: "7M"
      case .keepDone, .keepFailed: "7d"
      case .dropOwner: "somebody"
      case .logLevel: "error"
      case .logFormat: "json"
      case .accessLog: "on"
      case .metricsListen: "localhost:7"
      case .otlpEndpoint: "http://localhost:4318"
      case .preset, .track, .language, .rate, .channels, .trim, .loudness: "anything"
      case .sandbox: "best-effort"
      case .outdatedFFmpeg: "refuse"
      case .patchedFFmpeg: "5.1.9"
      case .limitStreams, .limitAnalysis, .limitCPU, .limitDuration, .limitWait: "7"
      case .headerTimeout, .bodyTimeout, .idleTimeout, .writeTimeout, .connections, .connectionsPerAddress: "7"
      case .tlsCertificate, .tlsKey: "/tmp/x.pem"
      case .trustedProxies, .webhookPrivateAddresses: "10.0.0.0/8"
      case .smtpURL: "smtps://mail.example.org"
      case .mailFrom: "mp3spool@example.org"
      case .limitProbe, .limitAllocation, .limitMemory: "7M"
      }
    // The two go together, so both are set, and the one in question by another value.
    let pairs: [[SettingName: String]] = [
      [.tlsCertificate: "/tmp/a.pem", .tlsKey: "/tmp/a.pem"], [.smtpURL: "smtp://a", .mailFrom: "a@example.org"],
    ]
    let partners = pairs.first { $0[name] != nil } ?? [:]
    let others = partners.filter { $0.key != name }
    let usual = "\(try await load(flags: partners))"
    let fromFlag = "\(try await load(flags: others.merging([name: value]) { $1 }))"
    #expect(fromFlag != usual)
    #expect("\(try await load(flags: others, environment: [name.environmentName: value]))" == fromFlag)
    #expect("\(try await load(flags: others, yaml: "\(name.rawValue): \(value)\n"))" == fromFlag)
  }

  @Test func aCertificateNeedsItsKey() async {
    #expect(await refusal(flags: [.tlsCertificate: "a"]) == "the setting tls-certificate needs the setting tls-key")
    #expect(await refusal(flags: [.tlsKey: "a"]) == "the setting tls-key needs the setting tls-certificate")
  }

  @Test func aMailServerNeedsASender() async {
    #expect(await refusal(flags: [.smtpURL: "smtp://a"]) == "the setting smtp-url needs the setting mail-from")
    #expect(await refusal(flags: [.mailFrom: "a@b"]) == "the setting mail-from needs the setting smtp-url")
  }

  @Test func agesHaveUnits() async throws {
    for (text, seconds) in ["45s": 45, "30m": 1_800, "12h": 43_200, "7d": 604_800, "2w": 1_209_600, "0.5h": 1_800] {
      #expect(try await load(flags: [.keepDone: text]).retention.done == .seconds(seconds))
    }
    #expect(try await load(flags: [.keepDone: "none"]).retention.done == nil)
    for text in ["7", "d", "-1d", "7y", "1e99d", "nand"] {
      let sentence = "the setting keep-done is '\(text)', but it must be an age, as 12h, 7d or 2w, or none"
      #expect(await refusal(flags: [.keepDone: text]) == sentence)
    }
  }

  @Test func theDatabaseIsInTheSpoolUnlessItIsSaid() async throws {
    #expect(try await load(flags: [.spool: "/srv/spool"]).database == "/srv/spool/mp3spool.sqlite")
    #expect(try await load(flags: [.spool: "/srv/spool", .database: "/var/db"]).database == "/var/db")
  }

  // MARK: - Credentials

  @Test func aCredentialStandsForASecretOrItsFile() async throws {
    let directory = NSTemporaryDirectory() + "SettingsTests-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try Data("the secret\n".utf8).write(to: URL(filePath: "\(directory)/secret"))
    let flags: [SettingName: String] = [
      .jwtSecret: "credential:secret", .tlsCertificate: "credential:secret", .tlsKey: "/etc/key",
      .dropOwner: "credential:secret",
    ]
    let load = { (directory: String?, flags: [SettingName: String]) async throws(SettingsError) in
      let given = directory.map { ["CREDENTIALS_DIRECTORY": $0] } ?? [:]
      return try await Settings.load(flags: flags, environment: [:], file: nil, credentials: .given(given, to: .serve))
    }
    let settings = try await load(directory, flags)
    #expect(settings.jwtSecret == "the secret")
    #expect(settings.web.tls?.certificate.string == "\(directory)/secret")
    #expect(settings.dropOwner == "credential:secret", "no secret")
    #expect(settings.effective.first { $0.name == .jwtSecret }?.shown == "credential:secret")
    for (directory, name) in [(nil, "secret"), (directory, "none"), (directory, "../secret"), (directory, "")] {
      await #expect(throws: SettingsError.self) { try await load(directory, [.jwtSecret: "credential:\(name)"]) }
    }
    // Whoever is no service leaves it alone.
    #expect(try await self.load(flags: flags).jwtSecret == "credential:secret")
  }

  /// All parts read one file.
  @Test(arguments: ServicePart.allCases)
  func aPartAsksForNoCredentialThatItDoesNotUse(_ part: ServicePart) async throws {
    let whole: [SettingName: String] = [
      .jwtSecret: "secret", .smtpURL: "smtp://mail.example.org", .mailFrom: "a@example.org",
      .tlsCertificate: "/etc/certificate", .tlsKey: "/etc/key",
    ]
    for name in [SettingName.jwtSecret, .smtpURL, .tlsCertificate, .tlsKey] {
      let flags = whole.merging([name: "credential:none"]) { $1 }
      let settings = try? await Settings.load(
        flags: flags, environment: [:], file: nil, credentials: .given([:], to: part))
      #expect((settings == nil) == part.credentials.contains(name), "\(name)")
    }
  }

  // MARK: - Reading them again

  private func reload(
    _ before: String, _ after: String
  ) async throws -> (settings: Settings, change: SettingsChange) {
    let path = FilePath(NSTemporaryDirectory()).appending("SettingsTests-\(UUID().uuidString).yaml")
    defer { try? FileManager.default.removeItem(atPath: path.string) }
    let source = SettingsSource(flags: [:], environment: [:], file: path, credentials: .leftAlone)
    try Data(before.utf8).write(to: URL(filePath: path.string))
    let old = try await source.load()
    try Data(after.utf8).write(to: URL(filePath: path.string))
    return try await source.reload(old)
  }

  @Test func whatNeedsARestartStaysAsItIs() async throws {
    let (settings, change) = try await reload(
      "spool: /a\nlogin-rate: 7\n", "spool: /b\nlogin-rate: 8\nconverters: 3\n")
    #expect((change.made, change.waiting) == ([.loginRate], [.spool, .database, .converters]))
    #expect((settings.spool, settings.database, settings.loginRate) == ("/a", "/a/mp3spool.sqlite", 8))
  }

  @Test func aServerStaysWithOrWithoutTLS() async throws {
    let tls = "tls-certificate: a.pem\ntls-key: a.key\n"
    let turned = try await reload("", tls)
    #expect(turned.settings.web.tls == nil && turned.change.waiting == [.tlsCertificate, .tlsKey])
    let other = try await reload(tls, "tls-certificate: b.pem\ntls-key: a.key\n")
    #expect(other.settings.web.tls?.certificate == "b.pem" && other.change.made == [.tlsCertificate])
  }

  @Test func allThatIsReadIsChecked() async {
    await #expect(throws: SettingsError.self) { _ = try await reload("", "converters: many\n") }
  }

  // MARK: - Names

  @Test func theOlderNamesAreHonouredWhereTheNewerAreNotSet() async throws {
    let older = ["JWT_SECRET": "older", "AUTH_SVC_ADDRESS": "auth:5000"]
    let settings = try await load(environment: older, yaml: "jwt-secret: file\n")
    #expect(settings.jwtSecret == "older")
    #expect(settings.authService == "http://auth:5000")
    let newer = ["MP3SPOOL_JWT_SECRET": "newer", "MP3SPOOL_AUTH_SERVICE": "https://auth.example.org/"]
    let both = try await load(environment: older.merging(newer) { $1 })
    #expect(both.jwtSecret == "newer")
    #expect(both.authService == "https://auth.example.org")
  }

  @Test func anUnknownNameInTheEnvironmentIsRefused() async {
    let sentence = await refusal(environment: ["MP3SPOOL_LISTEM": "localhost:1"])
    #expect(sentence.hasPrefix("there is no setting MP3SPOOL_LISTEM; the settings are spool, database, listen, "))
  }

  @Test func otherProgramsVariablesAreTheirs() async throws {
    _ = try await load(environment: ["LISTEN": "x", "MP3SPOOL_CONFIG": "x", "MP3SPOOL_TEST_CORPUS": "x", "PATH": "x"])
  }

  @Test func anUnknownNameInTheFileIsRefused() async {
    for name in ["listem", "Listen", "8080", "auth_listen"] {
      let sentence = await refusal(yaml: "\(name): localhost:1\n")
      #expect(sentence.contains(": there is no setting '\(name)'; the settings are spool, "))
    }
  }

  @Test func everySettingHasAnExplanationAndAVariable() {
    for name in SettingName.allCases {
      #expect(name.explanation.hasSuffix("."))
      #expect(name.environmentName.wholeMatch(of: /MP3SPOOL_[A-Z]+(_[A-Z]+)*/) != nil)
    }
    #expect(Set(SettingName.allCases.map(\.explanation)).count == SettingName.allCases.count)
  }

  // MARK: - The file

  @Test(arguments: ["", "\n", "# listen: localhost:1\n", "---\n"])
  func aFileThatSetsNothingIsAccepted(_ text: String) async throws {
    #expect(try await "\(load(yaml: text).listen)" == "127.0.0.1:8080")
  }

  @Test(arguments: ["- listen\n- localhost:1\n", "listen\n", "listen: [\n", "listen: [a, b]\n", "listen: {a: b}\n"])
  func aFileOfAnotherFormIsRefusedWithASentence(_ text: String) async {
    let sentence = await refusal(yaml: text)
    #expect(sentence.wholeMatch(of: /(the settings file )?[^ ]+\.yaml(:| is| must) .+/.dotMatchesNewlines()) != nil)
  }

  /// The log has it, and the parser's own words quote the line.
  @Test(arguments: [
    "jwt-secret: @hunter2\n", "jwt-secret: `hunter2\n", "jwt-secret: a: hunter2\n", "jwt-secret: 'hunter2\n",
    "jwt-secret: hunter2\njwt-secret: hunter2\n", "jwt-secret: hunter2\u{1}\n",
  ])
  func aMistakeInASecretsLineDoesNotTellTheSecret(_ text: String) async {
    let sentence = await refusal(yaml: text)
    #expect(!sentence.contains("hunter2") && sentence.contains(".yaml"), "\(sentence)")
  }

  @Test func aMistakeIsNamedWithItsPlace() async {
    let sentence = await refusal(yaml: "# one\nlisten: @home\n")
    #expect(sentence.hasSuffix("is not proper YAML: found character that cannot start any token (line 2, column 9)"))
  }

  @Test func aFileThatIsAskedForMustBeThere() async {
    let error = await #expect(throws: SettingsError.self) {
      try await Settings.load(flags: [:], environment: [:], file: "/nowhere/mp3spool.yaml")
    }
    #expect(error?.description == "the settings file /nowhere/mp3spool.yaml cannot be read")
  }

  // MARK: - Values

  @Test(arguments: [
    (.limitStreams, "0"), (.limitProbe, "5"), (.limitWait, "-1"), (.limitDuration, "1000000"), (.sandbox, "none"),
    (.outdatedFFmpeg, "ignore"), (SettingName.listen, "localhost"), (.listen, "localhost:"), (.listen, ":80"),
    (.listen, "localhost:65536"),
    (.authListen, "localhost:-1"), (.converters, "0"), (.converters, "257"), (.converters, "two"),
    (.encoderThreads, "1.5"), (.maximumUpload, "20 GB"), (.maximumUpload, "-1"), (.maximumUpload, "-1K"),
    (.maximumUpload, "M"), (.reservedSpace, "9999999T"), (.reservedSpace, "99999999999999999999"),
    (.uploadBy, "everybody"), (.loginRate, "0"), (.quotaBytes, "much"), (.quotaMinutes, "-1"), (.quotaWaiting, "1.5"),
    (.headerTimeout, "0"), (.bodyTimeout, "1m"), (.connections, "0"), (.connectionsPerAddress, "-1"),
    (.shutdownGrace, "-1"), (.shutdownGrace, "86401"), (.shutdownGrace, "30s"), (.logLevel, "loud"),
    (.logFormat, "xml"), (.accessLog, "yes"), (.metricsListen, "9100"), (.otlpEndpoint, "localhost:4318"),
    (.otlpEndpoint, "http://"), (.otlpEndpoint, "https:///x"), (.authService, "ftp://auth"), (.authService, "auth:web"),
    (.authService, "auth:70000"), (.publicURL, "javascript://x"), (.publicURL, "http://"), (.publicURL, "https://x/?a"),
    (.publicURL, "https://x y"),
  ])
  func aBadValueIsRefusedByName(_ name: SettingName, _ value: String) async {
    let sentence = await refusal(environment: [name.environmentName: value])
    #expect(sentence.hasPrefix("the setting \(name.rawValue) is '\(value)', but it must be "))
  }

  @Test(arguments: [
    ("https://mp3.example.org/", "https://mp3.example.org"), ("http://[::1]:80/mp3", "http://[::1]:80/mp3"),
    ("auth_service:5000", "http://auth_service:5000"), ("HTTPS://x", "HTTPS://x"), ("10.0.0.1:1", "http://10.0.0.1:1"),
  ])
  func pathsArePutBehindAURL(_ text: String, _ url: String) async throws {
    #expect(try await load(flags: [.authService: text]).authService == url)
  }

  @Test(arguments: [
    ("0", Int64(0)), ("1", 1), ("1k", 1024), ("1K", 1024), ("500M", 500 << 20), ("2G", 2 << 30), ("1t", 1 << 40),
    ("8388607T", 8_388_607 << 40),
  ])
  func sizesHaveUnits(_ text: String, _ bytes: Int64) async throws {
    #expect(try await load(flags: [.maximumUpload: text]).maximumUpload == bytes)
  }

  @Test func levelsAreReadInAnyCase() async throws {
    #expect(try await load(flags: [.logLevel: "DEBUG"]).logLevel == "debug")
  }

  @Test(arguments: [
    ("127.0.0.1:8080", "127.0.0.1", 8080), ("[::1]:8080", "::1", 8080), ("localhost:0", "localhost", 0),
  ])
  func addressesHaveAHostAndAPort(_ text: String, _ host: String, _ port: Int) throws {
    let address = try #require(HostAndPort(text))
    #expect((address.host, address.port) == (host, port))
    #expect(address.description == text)
  }

  @Test(arguments: ["", "localhost", ":80", "[]:80", "[[a]]:80", "a]:80", "localhost:65536", "localhost:-1"])
  func whatNamesNoHostAndPortIsNoAddress(_ text: String) { #expect(HostAndPort(text) == nil) }
}
