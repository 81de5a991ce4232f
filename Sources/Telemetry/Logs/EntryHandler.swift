import FoundationEssentials
import Logging

/// Makes entries of what a logger is told, for the forms of the log that have fields.
struct EntryHandler: LogHandler {
  let label: String
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]
  var metadataProvider: Logger.MetadataProvider?
  let write: @Sendable (LogEntry) -> Void

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  /// What is said with an entry counts before what the task is about, and that before what the logger always says.
  func log(event: LogEvent) {
    var all = metadata
    if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
    if let explicit = event.metadata { all.merge(explicit) { $1 } }
    if let error = event.error { all["error"] = "\(error)" }
    write(LogEntry(time: .now, level: event.level, logger: label, message: "\(event.message)", metadata: all))
  }
}
