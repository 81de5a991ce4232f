import Spool

/// Which waiting job is claimed next: the oldest that need not rest. One listing serves many claims.
struct ClaimQueue {
  /// Oldest last, since they leave from the end.
  private var waiting: [JobName] = []
  private var restingUntil: [JobID: ContinuousClock.Instant] = [:]
  private var begun: Set<JobID> = []

  /// Takes over what a listing of `incoming/` showed, oldest first.
  mutating func listed(_ names: [JobName]) { waiting = names.reversed() }

  /// This process works on the job. Until `end` it is not claimed again, even where it is back in `incoming/` already:
  /// whether it has to rest is known only some moments after that rename.
  mutating func begin(_ id: JobID) { begun.insert(id) }

  mutating func end(_ id: JobID) { begun.remove(id) }

  /// Lets a job rest that failed for a passing reason, before the attempt that its new name counts. To be called before
  /// `end`. Rests are forgotten by time, never since a listing lacks the job: it may be older than the job's return.
  mutating func rest(_ name: JobName, from now: ContinuousClock.Instant) {
    restingUntil = restingUntil.filter { $0.value > now }
    restingUntil[name.id] = now + Verdict.pause(beforeAttempt: name.attempt)
  }

  /// The next job to claim; nil where none is left in the listing.
  mutating func next(at now: ContinuousClock.Instant) -> JobName? {
    while let name = waiting.popLast() {
      if !begun.contains(name.id), restingUntil[name.id].map({ $0 <= now }) ?? true { return name }
    }
    return nil
  }
}
