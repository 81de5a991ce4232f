import Logging
import Synchronization

/// From which level on messages are written: one for all loggers, which may change while they are in use.
final class LogLevel: Sendable {
  private let place = Atomic(Logger.Level.info.place)

  var value: Logger.Level { Logger.Level.allCases[place.load(ordering: .relaxed)] }

  func set(_ level: Logger.Level) { place.store(level.place, ordering: .relaxed) }
}

extension Logger.Level {
  fileprivate var place: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// Hands entries on from the common level on, or from the logger's own where it has been given one.
struct LevelledHandler: LogHandler {
  private var handler: any LogHandler
  private let level: LogLevel
  /// However few messages are wanted, those from this level on are written.
  private let most: Logger.Level
  private var own: Logger.Level?

  init(_ handler: any LogHandler, level: LogLevel, most: Logger.Level) {
    (self.handler, self.level, self.most) = (handler, level, most)
  }

  var logLevel: Logger.Level {
    get { own ?? min(level.value, most) }
    set { own = newValue }
  }

  var metadata: Logger.Metadata {
    get { handler.metadata }
    set { handler.metadata = newValue }
  }

  var metadataProvider: Logger.MetadataProvider? {
    get { handler.metadataProvider }
    set { handler.metadataProvider = newValue }
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { handler[metadataKey: key] }
    set { handler[metadataKey: key] = newValue }
  }

  func log(event: LogEvent) { handler.log(event: event) }
}
