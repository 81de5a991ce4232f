/// A converter's sign of life: the file `hosts/H.c`, whose count c grows with each beat.
public struct Lease: Hashable, Sendable {
  public let incarnation: Incarnation
  public let count: Int
  /// It was declared dead: `hosts/H.c.dead`. It stays for a while, as the answer to H's next beat.
  public let isDead: Bool

  var name: String { "\(incarnation).\(count)\(isDead ? ".dead" : "")" }
  var next: Lease { Lease(incarnation, count: count + 1) }
  var dead: Lease { Lease(incarnation, count: count, isDead: true) }

  init(_ incarnation: Incarnation, count: Int, isDead: Bool = false) {
    (self.incarnation, self.count, self.isDead) = (incarnation, count, isDead)
  }

  init?(_ name: String) {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard (2...3).contains(parts.count), let incarnation = Incarnation(parts[0]), let count = Int(parts[1]), count >= 0,
      parts.count == 2 || parts[2] == "dead"
    else { return nil }
    self.init(incarnation, count: count, isDead: parts.count == 3)
  }
}

/// What one look at `hosts/` and `active/` showed.
public struct HostSighting: Sendable {
  public var leases: [Lease]
  public var claims: [Claim]

  public init(leases: [Lease], claims: [Claim]) { (self.leases, self.claims) = (leases, claims) }
}

/// Watches the other incarnations' leases, and decides whose work is taken back. No clock but the watcher's own counts.
///
/// | of an incarnation it knows                              | what it does                                            |
/// |---------------------------------------------------------|---------------------------------------------------------|
/// | that its process has ended, seen on its own host        | takes its claims back at once, and forgets it           |
/// | that it was declared dead                               | takes its claims back; owns it none for 60 s: forgets it |
/// | nothing new of its lease for 60 s and 10 looks          | declares it dead, which fails if it beats meanwhile     |
/// | claims and no lease, for 60 s and 10 looks              | takes them back: it was forgotten, and claimed again    |
///
/// A look counts only where it took under 2 s and began within 15 s of the one before. Else all windows begin anew: an
/// outage of the file server, or of this host, is nobody's death.
public struct HostWatch: Sendable {
  public enum Action: Hashable, Sendable {
    case declareDead(Lease)
    case takeBack(Incarnation)
    case forget(Lease)
  }

  /// What is seen of an incarnation; it stays the same as long as nothing is heard of it.
  private enum Sign: Hashable {
    case ended(Lease, isOwner: Bool)
    case dead(Lease, isOwner: Bool)
    case alive(Lease)
    case orphaned
  }

  private struct Window {
    let sign: Sign
    let since: ContinuousClock.Instant
    var looks = 0
  }

  static let patience = Duration.seconds(60)
  static let looks = 10
  static let longestLook = Duration.seconds(2)
  static let longestGap = Duration.seconds(15)

  private let own: Incarnation
  private var windows: [Incarnation: Window] = [:]
  private var lastLook: ContinuousClock.Instant?

  public init(own: Incarnation) { self.own = own }

  /// - Parameters:
  ///   - begin, end: when the look began and ended; ContinuousClock, which goes on while the host sleeps.
  ///   - hasEnded: is it certain that the process of the incarnation is gone?
  public mutating func saw(
    _ sighting: HostSighting, from begin: ContinuousClock.Instant, to end: ContinuousClock.Instant,
    hasEnded: (Incarnation) -> Bool
  ) -> [Action] {
    let isQuick = end - begin < Self.longestLook
    let isLate = lastLook.map { begin - $0 > Self.longestGap } ?? false
    if !isQuick || isLate { windows = [:] }
    lastLook = isQuick ? begin : nil
    var seen: [Incarnation: Window] = [:]
    for (incarnation, sign) in signs(in: sighting, hasEnded) { seen[incarnation] = window(incarnation, sign, begin) }
    if isQuick { windows = seen }
    return seen.compactMap { action($0.key, $0.value, begin) }
  }

  private func signs(in sighting: HostSighting, _ hasEnded: (Incarnation) -> Bool) -> [Incarnation: Sign] {
    let owners = Set(sighting.claims.map(\.owner))
    var signs = Dictionary(owners.map { ($0, Sign.orphaned) }) { first, _ in first }
    for lease in sighting.leases {
      let isOwner = owners.contains(lease.incarnation)
      signs[lease.incarnation] =
        hasEnded(lease.incarnation)
        ? .ended(lease, isOwner: isOwner) : lease.isDead ? .dead(lease, isOwner: isOwner) : .alive(lease)
    }
    signs[own] = nil
    return signs
  }

  private func window(_ incarnation: Incarnation, _ sign: Sign, _ now: ContinuousClock.Instant) -> Window {
    var window = windows[incarnation].flatMap { $0.sign == sign ? $0 : nil } ?? Window(sign: sign, since: now)
    window.looks += 1
    return window
  }

  /// The table's second column.
  private func action(
    _ incarnation: Incarnation, _ window: Window, _ now: ContinuousClock.Instant
  ) -> Action? {
    let isOver = window.looks >= Self.looks && now - window.since >= Self.patience
    return switch window.sign {
    case .ended(_, isOwner: true), .dead(_, isOwner: true): .takeBack(incarnation)
    case .ended(let lease, isOwner: false): .forget(lease)
    case .dead(let lease, isOwner: false): isOver ? .forget(lease) : nil
    case .alive(let lease): isOver ? .declareDead(lease) : nil
    case .orphaned: isOver ? .takeBack(incarnation) : nil
    }
  }
}
