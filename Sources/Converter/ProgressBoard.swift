public import Spool
import Synchronization

/// What this process converts at the moment, and how far each conversion is.
public final class ProgressBoard: Sendable {
  private let running = Mutex<[JobID: ConversionProgress?]>([:])

  public init() {}

  /// How far the conversion of `id` is; nil where it does not run here or has just begun.
  public func progress(of id: JobID) -> ConversionProgress? { running.withLock { $0[id] ?? nil } }

  func begin(_ id: JobID) { running.withLock { $0[id] = .some(nil) } }
  func update(_ id: JobID, _ progress: ConversionProgress) { running.withLock { $0[id] = progress } }
  func end(_ id: JobID) { running.withLock { _ = $0.removeValue(forKey: id) } }
}
