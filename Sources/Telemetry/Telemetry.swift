import CoreMetrics
public import Logging

/// Where this process's log, metrics and traces go.
///
/// The log goes to standard error, which journald, containers and terminals all take, or into the journal itself; the
/// metrics to a registry that Prometheus reads; traces to a collector, where one is set up.
public enum Telemetry {
  /// Made and installed on first use, which Swift promises happens once.
  private static let registry: PrometheusRegistry = {
    let registry = PrometheusRegistry()
    MetricsSystem.bootstrap(registry)
    return registry
  }()

  /// Sets log and metrics up for the whole process; to be called once, before the first logger or counter is made.
  ///
  /// - Parameters:
  ///   - level: the least important messages that are written, such as `info`; an unknown word means `info`.
  ///   - format: what they look like.
  ///   - access: whether each request is told of, whatever the level.
  ///   - version: of the program, for the metrics.
  public static func bootstrap(level: String, format: LogFormat = .text, access: Bool = false, version: String = "") {
    setLevel(level)
    let make = handlers(of: format.settled)
    LoggingSystem.bootstrap(
      { label, provider in
        var handler = make(label, provider)
        handler.logLevel = .trace
        var levelled = LevelledHandler(handler, level: Self.level, most: most(label))
        if label == accessLabel, !access { levelled.logLevel = .critical }
        return levelled
      }, metadataProvider: Logger.MetadataProvider(Self.whatTheTaskIsAbout))
    _ = registry
    if !version.isEmpty { Gauge(label: "mp3spool_build_info", dimensions: [("version", version)]).record(1) }
  }

  /// Who wants fewer messages still wants to know who did what, or asked for what where that is wanted at all.
  private static func most(_ label: String) -> Logger.Level {
    switch label {
    case auditLabel: .notice
    case accessLabel: .info
    default: .critical
    }
  }

  /// Writes messages from this level on from now on, of all loggers that there are.
  ///
  /// - Parameter level: a level's name; an unknown word means `info`.
  public static func setLevel(_ level: String) { self.level.set(Logger.Level(rawValue: level) ?? .info) }

  private static let level = LogLevel()

  private static func handlers(of format: LogFormat) -> @Sendable (String, Logger.MetadataProvider?) -> any LogHandler {
    let write: @Sendable (LogEntry) -> Void
    switch format {
    case .auto, .text: return text
    case .json: write = { LogLines.writeError($0.json) }
    case .logfmt: write = { LogLines.writeError($0.logfmt) }
    case .journal:
      guard let journal = Journal(identifier: "mp3spool") else { return text }
      write = { entry in
        if !journal.write(entry) { LogLines.writeError(entry.logfmt) }
      }
    }
    return { EntryHandler(label: $0, logLevel: .info, metadataProvider: $1, write: write) }
  }

  @Sendable private static func text(_ label: String, _ provider: Logger.MetadataProvider?) -> any LogHandler {
    StreamLogHandler(label: label, stream: LogLines(), metadataProvider: provider)
  }

  /// The whole process's metrics, the same registry each time.
  ///
  /// Counters that were made before the first call of this or of `bootstrap` count for nobody. It traps where another
  /// library has bootstrapped swift-metrics already.
  public static var metrics: PrometheusRegistry { registry }

  /// All metrics as text, those of the process itself as they are now.
  @Sendable public static func exposition() -> String {
    let registry = registry
    process.measure()
    return registry.exposition()
  }

  private static let process = ProcessMetrics()

  private static let auditLabel = "mp3spool.audit"
  private static let accessLabel = "mp3spool.access"

  /// The logger of one part of the program.
  public static func logger(_ part: String) -> Logger { Logger(label: "mp3spool.\(part)") }
}
