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

  /// What stays the same as long as nothing is heard of an incarnation.
  private enum Sign: Hashable { case count(Int), dead(isOwner: Bool), orphaned }
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
    let owners = Set(sighting.claims.map(\.owner)).subtracting([own])
    let leases = sighting.leases.filter { $0.incarnation != own }
    let ended = leases.filter { hasEnded($0.incarnation) }
    let others = leases.filter { !ended.contains($0) }
    let orphaned = owners.subtracting(leases.map(\.incarnation))
    let certain = ended.map { owners.contains($0.incarnation) ? Action.takeBack($0.incarnation) : .forget($0) }
    return certain + watch(others, owners, orphaned, at: begin, isQuick: end - begin < Self.longestLook)
  }

  private mutating func watch(
    _ leases: [Lease], _ owners: Set<Incarnation>, _ orphaned: Set<Incarnation>, at now: ContinuousClock.Instant,
    isQuick: Bool
  ) -> [Action] {
    let counts = isQuick && lastLook.map { now - $0 <= Self.longestGap } ?? true
    if !counts { windows = [:] }
    lastLook = isQuick ? now : nil
    var actions: [Action] = []
    var seen: [Incarnation: Window] = [:]
    for lease in leases {
      let isOwner = owners.contains(lease.incarnation)
      if lease.isDead, isOwner { actions.append(.takeBack(lease.incarnation)) }
      let window = window(lease.incarnation, lease.isDead ? .dead(isOwner: isOwner) : .count(lease.count), now)
      seen[lease.incarnation] = window
      guard isOver(window, now) else { continue }
      if !lease.isDead { actions.append(.declareDead(lease)) } else if !isOwner { actions.append(.forget(lease)) }
    }
    for incarnation in orphaned {
      let window = window(incarnation, .orphaned, now)
      seen[incarnation] = window
      if isOver(window, now) { actions.append(.takeBack(incarnation)) }
    }
    if isQuick { windows = seen }
    return actions
  }

  private func window(_ incarnation: Incarnation, _ sign: Sign, _ now: ContinuousClock.Instant) -> Window {
    var window = windows[incarnation].flatMap { $0.sign == sign ? $0 : nil } ?? Window(sign: sign, since: now)
    window.looks += 1
    return window
  }

  private func isOver(_ window: Window, _ now: ContinuousClock.Instant) -> Bool {
    window.looks >= Self.looks && now - window.since >= Self.patience
  }
}
