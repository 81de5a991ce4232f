public import Catalog
public import Foundation
public import Spool
import Synchronization

/// Gives new jobs their ids, so that one owner's thousand jobs do not keep another's single one waiting.
///
/// Converters take jobs in the order of their ids, on every host and without asking anybody. So an owner's turns are set
/// apart in the ids' times: each job comes an hour after the owner's last one that waits, as if it had been sent then.
/// Jobs of several owners so take turns, and an owner who is alone loses nothing, since nobody waits for an id's time.
/// This is start-time fair queuing (Goyal, Vin and Cheng, 1996) with one weight for all.
public final class FairShare: Sendable {
  /// An owner's ids that are given and may not be in the index yet.
  private struct Pending {
    var last: Date
    var ids: Set<JobID> = []
  }

  private let catalog: Catalog
  private let pending = Mutex<[String: Pending]>([:])

  /// Longer than a conversion takes: an owner's own backlog must not come due while it waits.
  static let spacing: TimeInterval = 3600

  public init(catalog: Catalog) { self.catalog = catalog }

  /// An id for a new job of `owner`, which has its turn until `body` has ended: by then the job is in the index, or given
  /// up.
  ///
  /// - Parameter other: the time of an id of the owner's that was given before and that no job has yet.
  public func withNewID<Answer>(
    for owner: String, after other: Date? = nil, _ body: (JobID) async throws -> Answer
  ) async throws -> Answer {
    // An index that cannot be read now costs a job its turn, and no more than that. Where others of the owner's are being
    // made, their turns come after all that wait.
    let waiting = isMaking(owner) ? nil : try? await catalog.lastWaiting(of: owner).first?.id.time
    let id = begin(owner, after: [waiting, other].compactMap { $0 }.max(), now: Date())
    defer { end(id, of: owner) }
    return try await body(id)
  }

  private func isMaking(_ owner: String) -> Bool { pending.withLock { $0[owner] != nil } }

  /// Is the id given to somebody who is still at work with it?
  func isGiven(_ id: JobID) -> Bool {
    pending.withLock { pending in pending.values.contains { $0.ids.contains(id) } }
  }

  private func begin(_ owner: String, after waiting: Date?, now: Date) -> JobID {
    pending.withLock { pending in
      let earlier = pending[owner]
      let turn = Self.turn(after: [waiting, earlier?.last].compactMap { $0 }.max(), now: now)
      let id = JobID(at: turn)
      pending[owner] = Pending(last: turn, ids: (earlier?.ids ?? []).union([id]))
      return id
    }
  }

  private func end(_ id: JobID, of owner: String) {
    pending.withLock { pending in
      pending[owner]?.ids.remove(id)
      if pending[owner]?.ids.isEmpty == true { pending[owner] = nil }
    }
  }

  /// - Parameter last: the time of the owner's last job that waits, if any does.
  static func turn(after last: Date?, now: Date) -> Date {
    guard let last else { return now }
    // ULIDs end in the year 10889; nobody gets there by uploads.
    return max(now, last + spacing)
  }
}
