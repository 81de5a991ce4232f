public import SystemPackage

/// Where a process has its settings from. They can be read again: what may change while the process runs is then as it
/// stands there now.
public struct SettingsSource: Sendable {
  private let flags: [SettingName: String]
  private let environment: [String: String]
  private let file: FilePath?
  private let credentials: Credentials

  /// - Parameters:
  ///   - flags: the settings that were given on the command line.
  ///   - file: the YAML file that was asked for; see ``Settings/load(flags:environment:file:credentials:)``.
  public init(flags: [SettingName: String], environment: [String: String], file: FilePath?, credentials: Credentials) {
    (self.flags, self.environment, self.file, self.credentials) = (flags, environment, file, credentials)
  }

  public func load() async throws(SettingsError) -> Settings {
    try await Settings.load(flags: flags, environment: environment, file: file, credentials: credentials)
  }

  /// The settings as they are now, but those that cannot change while the process runs as they are in `old`.
  ///
  /// - Throws: where one of them cannot be used, also one of those that would not change.
  public func reload(_ old: Settings) async throws(SettingsError) -> (settings: Settings, change: SettingsChange) {
    let wanted = try await load()
    let change = SettingsChange(from: old, to: wanted)
    if change.waiting.isEmpty { return (wanted, change) }
    let kept = old.effective.filter { change.waiting.contains($0.name) }
    let layers = try await SettingsLayers(
      flags: flags, environment: environment, file: file, credentials: credentials, kept: kept)
    return (try await Settings(layers), change)
  }
}

/// What is not as it was when the settings were read before.
public struct SettingsChange: Sendable, Equatable {
  /// In force from now on.
  public let made: [SettingName]
  /// In force after a restart.
  public let waiting: [SettingName]

  init(from old: Settings, to new: Settings) {
    let changed = zip(old.effective, new.effective).filter { $0.value != $1.value }.map(\.0.name)
    // A server speaks TLS or not for as long as it listens; with which certificate may change.
    let turnsTLS = (old.web.tls == nil) != (new.web.tls == nil)
    let waits = { (name: SettingName) in
      name.needsRestart || turnsTLS && (name == .tlsCertificate || name == .tlsKey)
    }
    (made, waiting) = (changed.filter { !waits($0) }, changed.filter(waits))
  }
}

/// What one setting is, and which layer says so.
public struct EffectiveSetting: Sendable, CustomStringConvertible {
  public enum Origin: String, Sendable { case flag, environment, file, usual = "default" }

  public let name: SettingName
  public let origin: Origin
  /// As it was written; nil: nothing was, and nothing is the default.
  let text: String?
  /// The same, with a credential's content in place of its name.
  let value: String?

  /// Which values there are, as in "it must be …"; nil: any text, which whoever uses it may still refuse.
  public internal(set) var form: String?

  /// For people: no secret is in it.
  public var shown: String? {
    guard let text, name.isSecret, !Credentials.isNamed(by: text) else { return text }
    return "(secret)"
  }

  public var description: String { "\(name.rawValue)=\(value ?? "")" }
}

extension SettingName {
  /// Whether a change of it takes effect after a restart only: it is what the process was built with, such as sockets that
  /// are open, threads that run, or a jail that was tried out. All others may change while it runs.
  public var needsRestart: Bool {
    switch self {
    case .spool, .database, .listen, .authListen, .converters, .encoderThreads, .sandbox, .outdatedFFmpeg,
      .patchedFFmpeg, .connections, .shutdownGrace, .logFormat, .accessLog, .metricsListen, .otlpEndpoint:
      true
    case .publicURL, .authService, .jwtSecret, .uploadBy, .loginRate, .maximumUpload, .reservedSpace, .uploadExpiry,
      .quotaBytes, .quotaMinutes, .quotaWaiting, .keepDone, .keepFailed, .keepFree, .dropOwner,
      .webhookPrivateAddresses, .smtpURL, .mailFrom, .preset, .track, .language, .rate, .channels, .trim, .loudness,
      .limitStreams, .limitProbe, .limitAnalysis, .limitAllocation, .limitMemory, .limitCPU, .limitDuration,
      .limitWait, .headerTimeout, .bodyTimeout, .idleTimeout, .writeTimeout, .connectionsPerAddress, .tlsCertificate,
      .tlsKey, .trustedProxies, .logLevel:
      false
    }
  }
}
