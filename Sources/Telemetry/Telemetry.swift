public import Logging

/// Where this process's log goes: to standard error, which journald, containers and terminals all take.
public enum Telemetry {
  /// Sets the log up for the whole process; to be called once, before the first logger is made.
  ///
  /// - Parameter level: the least important messages that are written, such as `info`; an unknown word means `info`.
  public static func bootstrap(level: String) {
    let level = Logger.Level(rawValue: level) ?? .info
    LoggingSystem.bootstrap { label in
      var handler = StreamLogHandler.standardError(label: label)
      handler.logLevel = level
      return handler
    }
  }

  /// The logger of one part of the program.
  public static func logger(_ part: String) -> Logger { Logger(label: "mp3spool.\(part)") }
}
