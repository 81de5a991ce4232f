public import Catalog
public import Foundation
public import Spool
public import WireFormats

/// Which of the jobs that have ended go: those that one of the limits has no room for, the oldest first.
///
/// A rule that limits nothing lets all of them stay.
public struct RetentionRule: Sendable, Equatable {
  /// What the limits on jobs and bytes hold for.
  public enum Group: String, Sendable, CaseIterable {
    case user, preset, state
  }

  /// The rule is about jobs in this state, done or failed; nil: in both.
  public var state: JobState?
  /// It is about this owner's jobs; nil: about everybody's.
  public var owner: String?
  /// It is about the jobs with this preset; nil: with any.
  public var preset: Preset?

  /// A job that ended longer ago than so many seconds goes.
  public var age: TimeInterval?
  /// So many jobs stay.
  public var jobs: Int?
  /// The jobs that stay take no more than this on the disk.
  public var bytes: Int64?
  /// Jobs go until so many bytes are free on the disk, or none is left.
  public var freeBytes: Int64?
  /// What `jobs` and `bytes` hold for, each group by itself; nil: for all that the rule is about together.
  public var group: Group?

  public init() {}

  public var limitsNothing: Bool { age == nil && jobs == nil && bytes == nil && freeBytes == nil }

  /// The jobs that go, those that ended first in front.
  ///
  /// - Parameters:
  ///   - ended: the jobs that there are, those that ended first in front.
  ///   - now: by the clock that says when jobs ended.
  ///   - free: how many bytes are free on the disk.
  public func victims(among ended: [EndedJob], now: Date, free: Int64) -> [EndedJob] {
    let concerned = ended.filter(concerns)
    var goes = concerned.map { isTooOld($0, now) }
    for places in Dictionary(grouping: concerned.indices, by: { groupName(of: concerned[$0]) }).values {
      for place in places.dropLast(roomFor(places.map { concerned[$0].byteCount })) { goes[place] = true }
    }
    if let freeBytes {
      var free = zip(concerned, goes).reduce(free) { $1.1 ? $0 + $1.0.byteCount : $0 }
      for place in concerned.indices where !goes[place] && free < freeBytes {
        goes[place] = true
        free += concerned[place].byteCount
      }
    }
    return zip(concerned, goes).filter(\.1).map(\.0)
  }

  private func concerns(_ job: EndedJob) -> Bool {
    job.state.hasEnded && (state.map { $0 == job.state } ?? true) && (owner.map { $0 == job.owner } ?? true)
      && (preset.map { $0 == job.preset } ?? true)
  }

  private func isTooOld(_ job: EndedJob, _ now: Date) -> Bool {
    age.map { now.timeIntervalSince(job.endedAt) > $0 } ?? false
  }

  private func groupName(of job: EndedJob) -> String {
    switch group {
    case .user: job.owner
    case .preset: job.preset.name
    case .state: job.state.rawValue
    case nil: ""
    }
  }

  /// How many jobs of these sizes have room, counted from the last one, which is the newest.
  private func roomFor(_ sizes: [Int64]) -> Int {
    var (count, total) = (0, Int64(0))
    for size in sizes.reversed() {
      guard count < jobs ?? .max, size <= (bytes ?? .max) - total else { break }
      count += 1
      total += size
    }
    return count
  }
}
