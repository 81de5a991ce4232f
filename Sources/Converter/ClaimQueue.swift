import Spool

/// Which waiting job is claimed next: the oldest that need not rest. One listing serves many claims.
struct ClaimQueue {
  /// Oldest last, since they leave from the end.
  private var waiting: [JobName] = []
  private var restingUntil: [JobID: ContinuousClock.Instant] = [:]

  /// Takes over what a listing of `incoming/` showed, oldest first.
  mutating func listed(_ names: [JobName]) {
    waiting = names.reversed()
    let present = Set(names.map(\.id))
    restingUntil = restingUntil.filter { present.contains($0.key) }
  }

  /// Lets a job rest that failed for a passing reason, before the attempt that its new name counts.
  mutating func rest(_ name: JobName, from now: ContinuousClock.Instant) {
    restingUntil[name.id] = now + Verdict.pause(beforeAttempt: name.attempt)
  }

  /// The next job to claim; nil where none is left in the listing.
  mutating func next(at now: ContinuousClock.Instant) -> JobName? {
    while let name = waiting.popLast() {
      if restingUntil[name.id].map({ $0 <= now }) ?? true { return name }
    }
    return nil
  }
}
