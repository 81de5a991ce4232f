import CoreMetrics
public import Logging

/// Where this process's log and metrics go.
///
/// The log goes to standard error, which journald, containers and terminals all take; the metrics to a registry that
/// Prometheus reads.
public enum Telemetry {
  /// Made and installed on first use, which Swift promises happens once.
  private static let registry: PrometheusRegistry = {
    let registry = PrometheusRegistry()
    MetricsSystem.bootstrap(registry)
    return registry
  }()

  /// Sets log and metrics up for the whole process; to be called once, before the first logger or counter is made.
  ///
  /// - Parameter level: the least important messages that are written, such as `info`; an unknown word means `info`.
  public static func bootstrap(level: String) {
    setLevel(level)
    LoggingSystem.bootstrap { label in
      var handler = StreamLogHandler(label: label, stream: LogLines())
      handler.logLevel = .trace
      // Who wants fewer messages still wants to know who did what.
      return LevelledHandler(handler, level: Self.level, most: label == Self.auditLabel ? .notice : .critical)
    }
    _ = registry
  }

  /// Writes messages from this level on from now on, of all loggers that there are.
  ///
  /// - Parameter level: a level's name; an unknown word means `info`.
  public static func setLevel(_ level: String) { self.level.set(Logger.Level(rawValue: level) ?? .info) }

  private static let level = LogLevel()

  /// The whole process's metrics, the same registry each time.
  ///
  /// Counters that were made before the first call of this or of `bootstrap` count for nobody. It traps where another
  /// library has bootstrapped swift-metrics already.
  public static var metrics: PrometheusRegistry { registry }

  private static let auditLabel = "mp3spool.audit"

  /// The logger of one part of the program.
  public static func logger(_ part: String) -> Logger { Logger(label: "mp3spool.\(part)") }
}
