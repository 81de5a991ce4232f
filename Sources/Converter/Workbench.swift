import Spool
import Synchronization

/// What the claim loop and the running jobs share: the slots, the queue, the claims that run, and the bell that wakes
/// the loop. Many rings before it looks are one.
final class Workbench: Sendable {
  private struct State {
    var freeSlots: Int
    var isClosed = false
    var queue = ClaimQueue()
    var running: Set<ClaimNumber> = []
    var orphans = OrphanSearch()
    var lastBeat = ContinuousClock.now
    /// When the next resting job has rested, of which the loop is to be woken.
    var alarm: ContinuousClock.Instant?
  }

  private let state: Mutex<State>
  let bells: AsyncStream<Void>
  private let bell: AsyncStream<Void>.Continuation

  init(slots: Int) {
    state = Mutex(State(freeSlots: slots))
    (bells, bell) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    bell.yield()
  }

  func wake() { bell.yield() }

  /// No more jobs are to be claimed; the loop ends when it hears of it.
  func close() {
    state.withLock { $0.isClosed = true }
    bell.finish()
  }

  /// Is the bench open, is there a free slot, and a lease that was renewed lately? Who was frozen for long may have been
  /// declared dead, and claims nothing before its next beat: it would be for nothing.
  func mayClaim(at now: ContinuousClock.Instant = .now) -> Bool {
    state.withLock { !$0.isClosed && $0.freeSlots > 0 && now - $0.lastBeat < Self.beatLifetime }
  }

  private static let beatLifetime = Duration.seconds(15)

  /// The lease was renewed.
  func beaten(at now: ContinuousClock.Instant = .now) {
    let wasLate = state.withLock { state in
      defer { state.lastBeat = now }
      return now - state.lastBeat >= Self.beatLifetime
    }
    if wasLate { wake() }
  }

  func listed(_ names: [JobName], since begin: ContinuousClock.Instant) {
    state.withLock { $0.queue.listed(names, from: begin) }
  }

  /// Is what was listed too old to be gone by?
  var isStale: Bool { state.withLock { $0.queue.isStale(at: .now) } }

  func next() -> ClaimQueue.Next { state.withLock { $0.queue.next(at: .now) } }

  func lostRace() { state.withLock { $0.queue.lostRace() } }

  func rest(_ name: JobName, for pause: Duration) {
    state.withLock { $0.queue.rest(name, for: pause, from: .now) }
  }

  func begin(_ claim: Claim) {
    state.withLock {
      $0.freeSlots -= 1
      $0.running.insert(claim.number)
    }
  }

  func end(_ claim: Claim) {
    release(claim)
    wake()
  }

  /// Like ``end(_:)``, of a claim that came to nothing: the loop goes on by itself.
  func release(_ claim: Claim) {
    state.withLock {
      $0.freeSlots += 1
      $0.running.remove(claim.number)
    }
  }

  /// Rings the bell at `instant`, unless it will ring sooner.
  func wake(at instant: ContinuousClock.Instant) {
    let isSooner = state.withLock { state in
      if let alarm = state.alarm, alarm > .now, alarm <= instant { return false }
      state.alarm = instant
      return true
    }
    guard isSooner else { return }
    Task {
      try? await Task.sleep(until: instant, clock: .continuous)
      wake()
    }
  }

  /// The claims among `owned` that this process does not know of, for the second time.
  func orphans(among owned: [Claim]) -> [Claim] { state.withLock { $0.orphans.look(at: owned, running: $0.running) } }
}

/// Finds claims that bear this process's name without its knowing: a rename that was answered with an error and done
/// later. One look is not enough, since a claim is known only some moments after its rename.
struct OrphanSearch {
  private var suspects: Set<ClaimNumber> = []

  mutating func look(at owned: [Claim], running: Set<ClaimNumber>) -> [Claim] {
    let unknown = owned.filter { !running.contains($0.number) }
    defer { suspects = Set(unknown.map(\.number)) }
    return unknown.filter { suspects.contains($0.number) }
  }
}
