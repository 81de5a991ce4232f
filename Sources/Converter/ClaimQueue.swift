import Spool

/// Which waiting job is claimed next: the first by its id that need not rest. One listing serves many claims, until it is
/// old: a job that came since may be before all others (see `FairShare`).
///
/// A job that was begun before may have to rest; its reasons, which lie in it, say for how long. They are asked for when
/// its turn comes, and the pause counts from then on, on this host's own clock.
struct ClaimQueue {
  enum Next: Equatable {
    case claim(JobName)
    /// Ask for the reasons of its failures, `rest` it as they say, and come again.
    case askForPause(JobName)
    /// Nothing is left of the listing; a job of it has rested at the instant, if any rests.
    case nothing(until: ContinuousClock.Instant?)
  }

  /// Oldest last, since they leave from the end.
  private var waiting: [JobName] = []
  private var restingUntil: [JobName: ContinuousClock.Instant] = [:]
  private var hasLostRaces = false
  private var goodUntil: ContinuousClock.Instant?

  /// A listing is good for so long, or for so many times the time that it took, whichever is longer.
  static let listingLife = (shortest: Duration.seconds(5), factor: 20)

  /// After a lost race the next is any of so many, so that hosts which list together do not go on to race for each.
  static let spread = 16

  /// Takes over what a listing of `incoming/` showed, oldest first. A name that it lacks never comes back (rule R1), but
  /// the listing may be older than the name: then its pause begins anew.
  mutating func listed(
    _ names: [JobName], from begin: ContinuousClock.Instant = .now, to end: ContinuousClock.Instant = .now
  ) {
    waiting = names.reversed()
    goodUntil = end + max(Self.listingLife.shortest, (end - begin) * Self.listingLife.factor)
    hasLostRaces = false
    if !restingUntil.isEmpty {
      let present = Set(names)
      restingUntil = restingUntil.filter { present.contains($0.key) }
    }
  }

  /// Is there something left of a listing that is too old?
  func isStale(at now: ContinuousClock.Instant) -> Bool { !waiting.isEmpty && goodUntil.map { $0 <= now } ?? true }

  mutating func rest(_ name: JobName, for pause: Duration, from now: ContinuousClock.Instant) {
    restingUntil[name] = now + pause
  }

  /// Somebody else claimed what was next.
  mutating func lostRace() { hasLostRaces = true }

  /// - Parameter draw: draws an index below its argument.
  mutating func next(at now: ContinuousClock.Instant, draw: (Int) -> Int = { .random(in: 0..<$0) }) -> Next {
    while !waiting.isEmpty {
      let back = hasLostRaces ? draw(min(Self.spread, waiting.count)) : 0
      let name = waiting[waiting.count - 1 - back]
      let end = restingUntil[name]
      if name.attempt > 0, end == nil { return .askForPause(name) }
      waiting.remove(at: waiting.count - 1 - back)
      if end.map({ $0 <= now }) ?? true { return .claim(name) }
    }
    return .nothing(until: restingUntil.values.filter { $0 > now }.min())
  }
}
