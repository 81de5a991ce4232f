import Decoder
import DurableFiles
import Logging
import Spool
import Telemetry
import Tokens

/// Claims waiting jobs while there are free slots, and sees each to its end.
struct ClaimLoop: Sendable {
  let spool: Spool
  let conversion: Conversion
  let limits: @Sendable () -> DecodeLimits
  let owner: Incarnation
  let threads: BlockingThreads
  let bench: Workbench
  let logger: Logger
  private let metrics = ConversionMetrics()

  /// Ends when the bench is closed and the jobs that run have ended.
  func run() async {
    await withDiscardingTaskGroup { jobs in
      for await _ in bench.bells {
        do { try await fillSlots(&jobs) } catch {
          logger.error("no job can be claimed", metadata: ["error": "\(error)"])
        }
      }
    }
  }

  private func fillSlots(_ jobs: inout DiscardingTaskGroup) async throws {
    var hasListed = false
    while bench.mayClaim() {
      if !hasListed, bench.isStale {
        try await list()
        hasListed = true
      }
      switch bench.next() {
      case .claim(let name):
        guard try await hasRoom() else { return bench.wake(at: .now + Self.pauseWithoutRoom) }
        do throws(SpoolError) { try await take(name, &jobs) } catch {
          logger.error("the job cannot be claimed", metadata: ["job": "\(name.id)", "error": "\(error)"])
          // A disk or server in trouble fails all of them; else it is this one, such as another user's.
          if error.isTemporary { return bench.wake(at: .now + Self.pauseAfterFailure) }
          bench.rest(name, for: Self.pauseAfterFailure)
        }
      case .askForPause(let name): bench.rest(name, for: try await pause(before: name))
      case .nothing(let restUntil):
        if hasListed {
          if let restUntil { bench.wake(at: restUntil) }
          return
        }
        try await list()
        hasListed = true
      }
    }
  }

  private func take(_ name: JobName, _ jobs: inout DiscardingTaskGroup) async throws(SpoolError) {
    let begin = SpanTime()
    guard let claim = try await claim(name) else { return bench.lostRace() }
    jobs.addTask { await process(claim, since: begin) }
  }

  private func list() async throws(SpoolError) {
    let begin = ContinuousClock.now
    bench.listed(
      try await BlockingThreads.run { [spool] () throws(SpoolError) in try spool.waitingJobs() }, since: begin)
  }

  /// The slot is taken by the rename's own moment: a claim must never be in the spool and unknown here.
  private func claim(_ name: JobName) async throws(SpoolError) -> Claim? {
    try await BlockingThreads.run { [spool, owner, bench] () throws(SpoolError) in
      var begun: Claim?
      do throws(SpoolError) {
        let claim = try spool.claim(name, for: owner) {
          begun = $0; bench.begin($0)
        }
        if claim == nil, let begun { bench.release(begun) }
        return claim
      } catch {
        if let begun { bench.release(begun) }
        throw error
      }
    }
  }

  /// On a full disk a claim would cost the job an attempt and help nobody.
  private func hasRoom() async throws(FileError) -> Bool {
    let free = try await BlockingThreads.run { [spool] () throws(FileError) in
      try Files.freeSpace(at: spool.layout.root)
    }
    return free.bytes >= Self.leastRoom.bytes && free.inodes >= Self.leastRoom.inodes
  }

  /// For the job's own small files. Whoever needs more fails, and is tried again with growing pauses.
  private static let leastRoom: (bytes: Int64, inodes: Int64) = (64 << 10, 8)
  private static let pauseWithoutRoom = Duration.seconds(5)
  private static let pauseAfterFailure = Duration.seconds(5)

  private func pause(before name: JobName) async throws(SpoolError) -> Duration {
    try await BlockingThreads.run { [spool] () throws(SpoolError) in
      Verdict.pause(before: name, after: try spool.failures(in: spool.layout.job(name, in: .waiting)))
    }
  }

  /// What the job's log and spans say belongs to the request that it came with, as its sidecar has it.
  private func process(_ claim: Claim, since begin: SpanTime) async {
    let verified: Result<Sidecar, ConversionFailure>
    do throws(ConversionFailure) { verified = .success(try await verifiedSidecar(of: claim)) } catch {
      verified = .failure(error)
    }
    let trace = (try? verified.get())?.trace
    await Telemetry.follow(trace) {
      await Telemetry.span("convert", .consumer, since: begin) { span in
        span.note("mp3spool.job", "\(claim.id)")
        span.note("mp3spool.attempt", "\(claim.attempt)")
        await Telemetry.span("claim", since: begin) { _ in }
        await process(claim, verified, span)
      }
    }
    bench.end(claim)
  }

  private func process(_ claim: Claim, _ sidecar: Result<Sidecar, ConversionFailure>, _ span: WorkSpan) async {
    let started = ContinuousClock.now
    do {
      let (end, problem) = try await convert(claim, sidecar)
      if let problem { span.fail(problem.code) }
      let time = ContinuousClock.now - started
      report(claim, end, problem, after: time)
      metrics.ended(end, problem, after: time)
      if case .moved(.waiting, let name) = end, let problem, !problem.isCancellation {
        // The reasons say for how long; but a full disk may have kept the last of them from being left.
        bench.rest(name, for: max((try? await pause(before: name)) ?? .zero, Self.pauseWithoutRoom))
      }
    } catch {
      // What lies in active/ under our name is found by the search for orphans.
      logger.error("a job could not be ended", metadata: ["job": "\(claim.id)", "error": "\(error)"])
    }
  }

  private func convert(
    _ claim: Claim, _ verified: Result<Sidecar, ConversionFailure>
  ) async throws -> (end: ClaimEnd, problem: ConversionFailure?) {
    let sidecar: Sidecar
    switch verified {
    case .success(let found): sidecar = found
    case .failure(let problem): return (try await refuse(claim, problem), problem)
    }
    let run = JobRun(
      spool: spool, conversion: conversion.within(limits()), claim: claim, metrics: metrics, trace: Telemetry.trace)
    let handle = CancelHandle()
    return try await withTaskCancellationHandler {
      try await threads.run { () throws(SpoolError) in try run.convert(sidecar, handle: handle) }
    } onCancel: {
      handle.cancel()
    }
  }

  /// A job that is not what it says is put out of the way; one that cannot be read at the moment is tried again.
  private func refuse(_ claim: Claim, _ problem: ConversionFailure) async throws(SpoolError) -> ClaimEnd {
    try await BlockingThreads.run { [spool] () throws(SpoolError) in
      problem.isCertain ? try spool.quarantine(claim, problem.forJob) : try spool.fail(claim, problem.forJob)
    }
  }

  /// The job's sidecar, once its signature, its id and the source's size are found right.
  private func verifiedSidecar(of claim: Claim) async throws(ConversionFailure) -> Sidecar {
    let (bytes, size) = try await read(claim)
    let sidecar: Sidecar
    do {
      let verifier = try await BlockingThreads.run { [spool] in try spool.sidecarVerifier() }
      sidecar = try await verifier.verify(bytes, expecting: claim.id)
    } catch let error as SpoolError {
      throw ConversionFailure(error)
    } catch {
      // A key that is not known yet, or keys that cannot be read now, are no fault of the job's.
      let isCertain = (error as? TokenError).map { $0.kind != .unknownKey && $0.kind != .invalidKey } ?? false
      throw ConversionFailure(
        code: "bad-sidecar", "the job's sidecar is not accepted: \(error)", isCertain: isCertain)
    }
    guard size == sidecar.size else {
      throw ConversionFailure(
        code: "wrong-size", "the source has \(size) bytes where \(sidecar.size) were signed for", isCertain: true)
    }
    return sidecar
  }

  /// The bytes of a job's sidecar and the size of its source.
  private func read(_ claim: Claim) async throws(ConversionFailure) -> (sidecar: [UInt8], size: Int64) {
    let directory = spool.directory(of: claim)
    do {
      return try await BlockingThreads.run { [spool] () throws(SpoolError) in
        (try spool.sidecar(in: directory), try spool.sourceSize(in: directory))
      }
    } catch {
      if error.isTemporary { throw ConversionFailure(error) }
      throw ConversionFailure(code: "incomplete-job", error.description, isCertain: true)
    }
  }

  private func report(_ claim: Claim, _ end: ClaimEnd, _ problem: ConversionFailure?, after time: Duration) {
    let metadata: Logger.Metadata = [
      "job": "\(claim.id)", "attempt": "\(claim.attempt)", "seconds": "\(time / .seconds(1))",
    ]
    switch (end, problem) {
    case (.moved(.done, _), _): logger.info("converted", metadata: metadata)
    case (.lost, _): logger.notice("somebody else took the job over", metadata: metadata)
    case (_, let problem):
      logger.warning("not converted: \(problem?.description ?? "given back")", metadata: metadata)
    }
  }
}
