import DurableFiles
import Logging
import Metrics
import Spool

/// Looks every five seconds after the other incarnations, and takes back what dead ones owned, as `HostWatch` decides;
/// and what this one owns without its knowing.
struct HostRounds: Sendable {
  private let spool: Spool
  private let own: Incarnation
  private let isLocal: Bool
  private let bench: Workbench
  private let logger: Logger
  private let takenBack = Counter(label: "mp3spool_jobs_taken_back_total")
  private let failures = FailureCount()
  private var watch: HostWatch

  private static let interval = Duration.seconds(5)

  init(spool: Spool, own: Incarnation, isLocal: Bool, bench: Workbench, logger: Logger) {
    self.spool = spool
    self.own = own
    self.isLocal = isLocal
    self.bench = bench
    self.logger = logger
    watch = HostWatch(own: own)
  }

  func run() async {
    var rounds = self
    while !Task.isCancelled {
      try? await Task.sleep(for: Self.interval)
      await rounds.make()
    }
  }

  /// One round. What fails is tried again in the next.
  mutating func make() async {
    do {
      let begin = ContinuousClock.now
      let (sighting, ended) = try await look()
      for action in watch.saw(sighting, from: begin, to: .now, hasEnded: ended.contains) { try await act(action) }
      for orphan in bench.orphans(among: sighting.claims.filter { $0.owner == own }) { try await takeBack(orphan) }
    } catch { logger.warning("the other hosts cannot be looked after", metadata: ["error": "\(error)"]) }
  }

  private func look() async throws(SpoolError) -> (HostSighting, ended: Set<Incarnation>) {
    try await BlockingThreads.run { [spool, own, isLocal] () throws(SpoolError) in
      let sighting = try spool.sightHosts()
      let ended = sighting.leases.filter {
        $0.incarnation != own && spool.hasEnded($0, seenFrom: own, isLocal: isLocal)
      }
      return (sighting, Set(ended.map(\.incarnation)))
    }
  }

  private func act(_ action: HostWatch.Action) async throws(SpoolError) {
    switch action {
    case .declareDead(let lease):
      let isDead = try await BlockingThreads.run { [spool] () throws(SpoolError) in try spool.declareDead(lease) }
      guard isDead else { return }
      logger.error("a converter gave no sign of life and was declared dead", metadata: ["host": "\(lease.incarnation)"])
      try await takeBack(from: lease.incarnation)
    case .takeBack(let incarnation): try await takeBack(from: incarnation)
    case .forget(let lease):
      try await BlockingThreads.run { [spool] () throws(SpoolError) in try spool.forget(lease) }
    }
  }

  private func takeBack(from owner: Incarnation) async throws(SpoolError) {
    let ends = try await BlockingThreads.run { [spool] () throws(SpoolError) in try spool.reclaim(from: owner) }
    guard !ends.isEmpty else { return }
    ends.forEach(count)
    logger.notice("took back unfinished jobs", metadata: ["host": "\(owner)", "count": "\(ends.count)"])
  }

  /// It counts as an attempt: a claim that is lost again and again must not go on for ever.
  private func takeBack(_ orphan: Claim) async throws(SpoolError) {
    count(try await BlockingThreads.run { [spool] () throws(SpoolError) in try spool.takeBack(orphan) })
  }

  private func count(_ end: ClaimEnd) {
    guard end != .lost else { return }
    takenBack.increment()
    failures.failed(JobFailure.converterDied.code, end)
  }
}
