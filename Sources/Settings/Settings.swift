public import SystemPackage

/// What a process of mp3spool was told, from the four layers: flags, environment, YAML file, defaults.
public struct Settings: Sendable {
  public let spool: FilePath
  public let database: FilePath
  public let listen: HostAndPort
  public let authListen: HostAndPort
  /// The base URL under which clients reach the gateway, without a slash at its end; nil means: as each request says.
  public let publicURL: String?
  /// The base URL of the auth service, without a slash at its end; nil means: the same database.
  public let authService: String?
  public let jwtSecret: String?
  /// Whether people who are no admins may upload.
  public let usersMayUpload: Bool
  /// For each client address, per minute.
  public let loginRate: Int
  public let converters: Int
  public let encoderThreads: Int
  /// In bytes.
  public let maximumUpload: Int64
  /// In bytes.
  public let reservedSpace: Int64
  /// How long a resumable upload is kept to which no byte comes.
  public let uploadExpiry: Duration
  /// What one user may have, where nothing else was set for the user.
  public let quota: UserQuota
  public let retention: RetentionSettings
  public let dropOwner: String
  public let notices: NoticeSettings
  /// The options of a conversion that does not say them, by their names, as text.
  public let conversionOptions: [String: String]
  public let sandbox: Sandbox
  /// Whether an FFmpeg with known holes stops the start.
  public let refusesOutdatedFFmpeg: Bool
  /// Versions of FFmpeg that are taken for patched.
  public let patchedFFmpeg: Set<String>
  public let limits: Limits
  public let web: WebSettings
  public let shutdownGrace: Duration
  public let logLevel: String
  /// One of `auto`, `text`, `json`, `logfmt`, `journal`.
  public let logFormat: String
  /// Whether each request is told of.
  public let hasAccessLog: Bool
  /// Where a process without a gateway tells its metrics; nil means: nowhere.
  public let metricsListen: HostAndPort?
  /// The base URL of whoever collects traces, without a slash at its end; nil means: nobody.
  public let otlpEndpoint: String?
  /// All settings as they are in force, in the order of their names' declaration.
  public let effective: [EffectiveSetting]
}

/// What one user may have; nil: as much as they like.
public struct UserQuota: Sendable {
  /// Stored.
  public let bytes: Int64?
  /// Of audio, converted in 30 days.
  public let minutes: Int64?
  /// Jobs that wait.
  public let waiting: Int64?
}

/// What `clean` keeps, where it is told nothing else; nil: everything.
public struct RetentionSettings: Sendable {
  /// How long done jobs are kept.
  public let done: Duration?
  /// How long failed ones are kept.
  public let failed: Duration?
  /// How many bytes are to be free on the spool's disk.
  public let freeBytes: Int64?
}

/// Whom people may have told of the ends of jobs, and how.
public struct NoticeSettings: Sendable {
  /// Addresses and networks, as text, that webhooks may go to although they are not public.
  public let privateAddresses: [String]
  /// The server that takes mails, and whom they come from; nil means: no mail.
  public let mail: (server: String, sender: String)?
}

/// What one file may take.
public struct Limits: Sendable {
  public let streams: Int
  /// In bytes.
  public let probe: Int64
  public let analysis: Duration
  /// In bytes.
  public let allocation: Int64
  /// In bytes.
  public let memory: Int64
  /// Of processor time.
  public let cpu: Duration
  /// Of media.
  public let duration: Duration
  public let wait: Duration
}

/// What the HTTP servers let clients do, and how they are reached.
public struct WebSettings: Sendable {
  public let headerTimeout: Duration
  public let bodyTimeout: Duration
  public let idleTimeout: Duration
  public let writeTimeout: Duration
  public let connections: Int
  /// 0 is no limit.
  public let connectionsPerAddress: Int
  /// Two PEM files; nil means: no TLS.
  public let tls: (certificate: FilePath, key: FilePath)?
  /// Addresses and networks, as text.
  public let trustedProxies: [String]
}

/// What is to be done where the decoder's jail lacks a layer.
public enum Sandbox: String, Sendable, CaseIterable {
  case automatic, required
  case bestEffort = "best-effort"
}

/// Where a server listens.
public struct HostAndPort: Sendable, Hashable, CustomStringConvertible {
  public let host: String
  /// 0 lets the kernel choose.
  public let port: Int

  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  /// Reads `127.0.0.1:8080`, `[::1]:8080` or `localhost:8080`.
  public init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
      (0...65535).contains(port)
    else { return nil }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    guard !host.isEmpty, !host.contains(where: "[]".contains) else { return nil }
    (self.host, self.port) = (String(host), port)
  }
}

/// A setting that cannot be used; the sentence names it and where it was set.
public struct SettingsError: Error, Sendable, CustomStringConvertible {
  public let description: String
  init(_ sentence: String) { description = sentence }
}
