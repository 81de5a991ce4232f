/// Decides whether a gateway may begin beside a spool, or another one is at work there: of those that adopt files, keep
/// resumable uploads and clean away, a spool bears one at a time. No clock but the watcher's own counts.
///
/// | of each other gateway's lease it sees            | it                                                      |
/// |--------------------------------------------------|---------------------------------------------------------|
/// | that it was declared dead, or none at all        | needs not mind it                                       |
/// | that its process has ended, seen on its own host | declares it dead at once                                |
/// | that it was renewed since the first look         | gives up: that gateway lives                            |
/// | nothing new for 20 s and 8 looks                 | declares it dead, which fails if it is renewed meanwhile |
///
/// A look counts only where it took under 2 s and began within 5 s of the one before, so that an outage of the file server
/// is no gateway's death. One that was declared dead and lives finds out when it renews its lease, and ends.
public struct SeatWatch: Sendable {
  public enum Decision: Hashable, Sendable {
    /// Nobody is there.
    case sit
    case declareDead(Lease)
    /// Look again in a while.
    case wait
    case isTaken(by: Lease)
  }

  static let patience = Duration.seconds(20)
  static let looks = 8
  static let longestLook = Duration.seconds(2)
  static let longestGap = Duration.seconds(5)

  private struct Window {
    let lease: Lease
    let since: ContinuousClock.Instant
    var looks = 1
  }

  private var windows: [Incarnation: Window] = [:]
  private var lastLook: ContinuousClock.Instant?

  public init() {}

  /// - Parameters:
  ///   - leases: the other gateways'.
  ///   - begin, end: when the look began and ended.
  ///   - hasEnded: is it certain that the process of the incarnation is gone?
  public mutating func saw(
    _ leases: [Lease], from begin: ContinuousClock.Instant, to end: ContinuousClock.Instant,
    hasEnded: (Incarnation) -> Bool
  ) -> Decision {
    let alive = leases.filter { !$0.isDead }
    if let ended = alive.first(where: { hasEnded($0.incarnation) }) { return .declareDead(ended) }
    if let beaten = alive.first(where: { lease in windows[lease.incarnation].map { $0.lease != lease } ?? false }) {
      return .isTaken(by: beaten)
    }
    let isQuick = end - begin < Self.longestLook
    let isLate = lastLook.map { begin - $0 > Self.longestGap } ?? false
    lastLook = isQuick ? begin : nil
    var seen: [Incarnation: Window] = [:]
    for lease in alive {
      var window = isLate || !isQuick ? nil : windows[lease.incarnation]
      window?.looks += 1
      seen[lease.incarnation] = window ?? Window(lease: lease, since: begin)
    }
    windows = seen
    guard !alive.isEmpty else { return .sit }
    let isOver = { (window: Window) in window.looks >= Self.looks && begin - window.since >= Self.patience }
    return seen.values.first(where: isOver).map { .declareDead($0.lease) } ?? .wait
  }

  /// Two that began at the same time both find nobody, and then each other: which of them leaves again? The one that others
  /// may have noticed already stays.
  public static func mustYield(_ own: Lease, to others: [Lease]) -> Bool {
    others.contains { other in
      guard !other.isDead, other.incarnation != own.incarnation else { return false }
      if (own.count > 0) != (other.count > 0) { return other.count > 0 }
      return other.incarnation.description < own.incarnation.description
    }
  }
}
