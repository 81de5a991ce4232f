import DurableFiles
import Foundation
import SystemPackage
import Testing
import WireFormats

@testable import Spool

@Suite struct ClaimTests {
  let directory: TemporarySpool
  let owner = Incarnation(hostName: "one", bootName: "boot")
  let other = Incarnation(hostName: "other", bootName: "boot")
  var spool: Spool { directory.spool }

  init() throws { directory = try TemporarySpool() }

  @Test func aClaimedJobBelongsToItsOwner() throws {
    let name = try directory.enqueue()
    let claim = try #require(try spool.claim(name, for: owner))
    #expect((claim.id, claim.attempt, claim.owner) == (name.id, 0, owner))
    #expect(try directory.jobs() == [.active: [claim.name]])
    #expect(try spool.claims(of: owner) == [claim])
    #expect(try spool.claims(of: other) == [])
    #expect(try Files.status(JobFiles.source(in: spool.directory(of: claim))) != nil)
  }

  @Test func aJobIsClaimedOnce() throws {
    let name = try directory.enqueue()
    #expect(try spool.claim(name, for: owner) != nil)
    #expect(try spool.claim(name, for: other) == nil)
  }

  @Test func theOwnerKnowsItsClaimBeforeTheSpoolDoes() throws {
    let name = try directory.enqueue()
    var announced: (claim: Claim, waits: Bool)?
    let claim = try spool.claim(name, for: owner) { announced = ($0, (try? spool.list(.waiting)) == [name]) }
    #expect(announced?.claim == claim)
    #expect(announced?.waits == true)
  }

  @Test func oneOfManyClaimersWins() async throws {
    var name = try directory.enqueue()
    for _ in 0..<100 {
      let claims = try await onThreads(4) { [spool, name] in try spool.claim(name, for: .here()) }.compactMap(\.self)
      #expect(claims.count == 1)
      let claim = try #require(claims.first)
      #expect(try directory.jobs() == [.active: [claim.name]])
      name = .waiting(claim.id, attempt: claim.attempt + 1)
      #expect(try spool.giveBack(claim) == .moved(to: .waiting, name))
    }
  }

  @Test func progressIsSeenWhileTheJobIsActiveAndGoneAfterwards() throws {
    let claim = try directory.claimed()
    var record = JobRecord(
      id: claim.id, state: .active, attempt: 0, owner: "somebody", name: "a.mp4", size: 1, options: ConversionOptions(),
      origin: .upload, submittedAt: Date(), directory: claim.name.description)
    #expect(spool.progress(of: record) == nil)
    try directory.convert(claim)
    for fraction in [0.25, 0.5] {
      let progress = JobProgress(position: 5, fraction: fraction, speed: 20, timeLeft: 0.75)
      try spool.report(progress, of: claim)
      #expect(spool.progress(of: record) == progress)
    }
    _ = try spool.publish(claim, result: .ofTests(claim))
    record.directory = claim.endedName.description
    #expect(spool.progress(of: record) == nil)
    let output = JobFiles.output(of: claim.number, in: directory.layout.job(claim.endedName, in: .done))
    #expect(try directory.names(in: output) == ["audio.mp3", "result.json"])
  }

  @Test func ofSeveralTracksNoneIsLeftWhereTheJobFails() throws {
    let claim = try directory.claimed()
    let output = try spool.makeOutput(of: claim)
    for track in [nil, 1, 2] { try Files.save([1], to: JobFiles.audio(inOutput: output, track: track)) }
    _ = try spool.fail(claim, .hopeless)
    let kept = JobFiles.output(of: claim.number, in: directory.layout.job(claim.endedName, in: .failed))
    #expect(try directory.names(in: kept) == ["failure.json"])
  }

  @Test func aPublishedJobHoldsItsMP3AndItsResult() throws {
    let claim = try directory.claimed()
    try directory.convert(claim)
    _ = try spool.publish(claim, result: .ofTests(claim))
    let (name, number) = (claim.endedName, claim.number)
    let job = directory.layout.job(name, in: .done)
    #expect(try directory.jobs() == [.done: [name]])
    #expect(try spool.result(of: number, in: job) == .ofTests(claim))
    #expect(try spool.failure(of: number, in: job) == nil)
    let audio = JobFiles.audio(inOutput: JobFiles.output(of: number, in: job))
    #expect(try Files.read(audio, limit: 100) == TemporarySpool.audio)
    let end = try #require(try spool.end(of: number, in: job))
    #expect(abs(end / .seconds(1) - Date().timeIntervalSince1970) < 60)
  }

  @Test func aPassingFailureIsTriedThreeTimesWithItsReasonsKept() throws {
    var name = try directory.enqueue()
    for attempt in 0..<2 {
      let claim = try #require(try spool.claim(name, for: owner))
      name = .waiting(claim.id, attempt: attempt + 1)
      #expect(try spool.fail(claim, .unclear) == .moved(to: .waiting, name))
      #expect(try directory.jobs() == [.waiting: [name]])
    }
    let last = try #require(try spool.claim(name, for: owner))
    #expect(try spool.fail(last, .unclear) == .moved(to: .failed, last.endedName))
    let job = directory.layout.job(last.endedName, in: .failed)
    #expect(try spool.failure(of: last.number, in: job)?.attempt == 2)
    #expect(try directory.names(in: job).filter { $0.hasPrefix("a.") }.count == 3)
    #expect(try Files.read(JobFiles.source(in: job), limit: 100) == TemporarySpool.source)
  }

  @Test func aCertainFailureIsTheLast() throws {
    let claim = try directory.claimed(by: owner)
    #expect(try spool.fail(claim, .hopeless) == .moved(to: .failed, claim.endedName))
    let job = directory.layout.job(claim.endedName, in: .failed)
    #expect(try spool.failure(of: claim.number, in: job) == .hopeless)
    #expect(try Files.read(JobFiles.source(in: job), limit: 100) == TemporarySpool.source)
  }

  @Test func whatIsGivenBackWaitsUnharmed() throws {
    let claim = try directory.claimed(by: owner)
    let name = JobName.waiting(claim.id, attempt: 1)
    #expect(try spool.giveBack(claim) == .moved(to: .waiting, name))
    #expect(try directory.names(in: directory.layout.job(name, in: .waiting)) == ["source", "job.jwt"])
  }

  @Test func whatIsQuarantinedIsKeptWithItsReason() throws {
    let claim = try directory.claimed(by: owner)
    #expect(try spool.quarantine(claim, .hopeless) == .quarantined)
    #expect(try directory.jobs() == [:])
    let job = directory.layout.corrupt.appending(claim.endedName.description)
    #expect(try spool.failure(of: claim.number, in: job) == .hopeless)
    #expect(try Files.read(JobFiles.source(in: job), limit: 100) == TemporarySpool.source)
  }

  // MARK: - Invariant 12

  /// What somebody else may have done with a job that its owner still believes to own.
  enum Loss: String, CaseIterable {
    case claimedByAnother, publishedByAnother, failedByAnother, cancelled, cancelledAndCleaned, quarantined
  }

  private func takeAway(_ claim: Claim, _ loss: Loss) throws {
    switch loss {
    case .claimedByAnother, .publishedByAnother, .failedByAnother:
      #expect(try spool.reclaim(from: owner).count == 1)
      let theirs = try #require(try spool.claim(.waiting(claim.id, attempt: 1), for: other))
      try directory.convert(theirs)
      if loss == .publishedByAnother { _ = try spool.publish(theirs, result: .ofTests(theirs)) }
      if loss == .failedByAnother { _ = try spool.fail(theirs, .hopeless) }
    case .cancelled, .cancelledAndCleaned:
      #expect(try spool.cancel(claim.id, because: .cancelled))
      guard loss == .cancelledAndCleaned else { return }
      for name in try spool.list(.failed) { try spool.clean(name, in: .failed, exported: nil) }
    case .quarantined: #expect(try spool.quarantine(claim, .hopeless) == .quarantined)
    }
  }

  @Test(arguments: Loss.allCases)
  func lateOwnerLosesTheClaimAndTouchesNothing(_ loss: Loss) throws {
    let claim = try directory.claimed(by: owner)
    try directory.convert(claim)
    try takeAway(claim, loss)
    let before = try directory.everything()
    #expect(try spool.publish(claim, result: .ofTests(claim)) == .lost)
    #expect(try spool.fail(claim, .hopeless) == .lost)
    #expect(try spool.fail(claim, .passing) == .lost)
    #expect(try spool.giveBack(claim) == .lost)
    if loss != .quarantined { #expect(try spool.quarantine(claim, .hopeless) == .lost) }
    #expect(try directory.everything() == before)
  }

  @Test func ofTwoEndsOneHappens() async throws {
    for _ in 0..<20 {
      let claim = try directory.claimed(by: owner)
      try directory.convert(claim)
      async let published = BlockingThreads.run { [spool] () throws(SpoolError) in
        try spool.publish(claim, result: .ofTests(claim))
      }
      async let cancelled = BlockingThreads.run { [spool] () throws(SpoolError) in
        try spool.cancel(claim.id, because: .cancelled)
      }
      let (end, isCancelled) = try await (published, cancelled)
      #expect((end != .lost) != isCancelled)
      let place = try #require(try spool.find(claim.id))
      #expect(place.state == (isCancelled ? .failed : .done))
    }
  }
}
