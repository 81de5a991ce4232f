public import DurableFiles
public import SystemPackage

/// Decides when a dropped file is complete: a copy that is still going on must not be converted.
///
/// | the file was                                     | it is complete                                       |
/// |--------------------------------------------------|------------------------------------------------------|
/// | closed after writing, or moved in (inotify says) | at once                                              |
/// | only seen in listings                            | after three looks without a change of size or time, over the settle time at least |
public struct DropSettling: Sendable {
  private struct Observation: Sendable {
    var size: Int64
    var modified: Duration
    var inode: UInt64
    var since: ContinuousClock.Instant
    var looks: Int
  }

  static let looks = 3
  private let settleTime: Duration
  /// By the names' bytes: as text, different names can be equal (é, composed or not) or look alike (not UTF-8).
  private var observations: [FilePath.Component: Observation] = [:]

  /// - Parameter settleTime: 2 s on a local disk; 10 s on NFS, whose attributes come late.
  public init(settleTime: Duration) { self.settleTime = settleTime }

  /// Are there files whose completeness only further looks can tell?
  public var isWaiting: Bool { !observations.isEmpty }

  /// Tells whether the file `name` is complete, given what it looks like at `now`.
  public mutating func isComplete(
    _ name: FilePath.Component, _ status: FileStatus, at now: ContinuousClock.Instant
  ) -> Bool {
    guard var seen = observations[name], seen.size == status.size, seen.modified == status.modified,
      seen.inode == status.inode
    else {
      observations[name] = Observation(
        size: status.size, modified: status.modified, inode: status.inode, since: now, looks: 1)
      return false
    }
    seen.looks += 1
    observations[name] = seen
    return seen.looks >= Self.looks && now - seen.since >= settleTime
  }

  /// Forgets all files but those in `names`, the latest listing.
  public mutating func keep(_ names: Set<FilePath.Component>) {
    observations = observations.filter { names.contains($0.key) }
  }
}
