import Foundation
import Spool
import Testing
import WireFormats

@testable import Catalog

@Suite struct QuotaVerdictTests {
  @Test func withoutLimitsThereIsRoom() {
    let use = QuotaUse(bytes: .max, minutes: .infinity, waiting: .max)
    #expect(QuotaLimits().verdict(on: use, for: .max) == .room)
  }

  @Test func whatFitsExactlyFits() {
    let limits = QuotaLimits(bytes: 100)
    #expect(limits.verdict(on: QuotaUse(bytes: 60), for: 40) == .room)
    #expect(limits.verdict(on: QuotaUse(bytes: 60), for: 41) == .full)
    #expect(limits.verdict(on: QuotaUse(bytes: 60), for: 101) == .tooLarge)
    #expect(limits.verdict(on: QuotaUse(bytes: 200), for: 1) == .full)
  }

  @Test func anUnknownLengthNeedsRoomForAByte() {
    #expect(QuotaLimits(bytes: 100).verdict(on: QuotaUse(bytes: 99), for: 0) == .room)
    #expect(QuotaLimits(bytes: 100).verdict(on: QuotaUse(bytes: 100), for: 0) == .full)
  }

  @Test func jobsAndMinutesCountUpToTheLimit() {
    let limits = QuotaLimits(minutes: 10, waiting: 2)
    #expect(limits.verdict(on: QuotaUse(minutes: 9.9, waiting: 1), for: 1) == .room)
    #expect(limits.verdict(on: QuotaUse(minutes: 9.9, waiting: 2), for: 1) == .tooManyWaiting)
    #expect(limits.verdict(on: QuotaUse(minutes: 10, waiting: 1), for: 1) == .tooManyMinutes)
    #expect(QuotaLimits(waiting: 0).verdict(on: QuotaUse(), for: 1) == .tooManyWaiting)
  }

  @Test func anOwnRuleGoesBeforeTheDefault() {
    var rules = QuotaRules()
    rules.bytes = .unlimited
    rules.minutes = .limit(5)
    let limits = rules.over(QuotaLimits(bytes: 1, minutes: 1, waiting: 1))
    #expect(limits == QuotaLimits(bytes: nil, minutes: 5, waiting: 1))
  }
}

@Suite struct QuotaUseTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private static let owner = "ann@example.org"

  private func job(
    _ state: JobState, size: Int64 = 100, minutes: Double = 0, tracks: Int = 1, endedDaysAgo days: Double = 0,
    owner: String = owner
  ) -> JobRecord {
    let id = JobID(at: Date())
    var job = JobRecord(
      id: id, state: state, attempt: 0, owner: owner, name: "a.mp4", size: size, options: .init(), origin: .upload,
      submittedAt: Date(), directory: "\(id)")
    guard state == .done else { return job }
    var results = (0..<tracks).map { track in
      JobResult(
        track: track + 1, sha256: "", byteCount: 10, duration: minutes * 60, sampleRate: 44100, channels: 2,
        bitrate: 128_000, container: "mp4", codec: "aac", output: "a")
    }
    job.result = results.removeFirst()
    if !results.isEmpty { job.result?.otherTracks = results }
    job.finishedAt = Date(timeIntervalSinceNow: -days * 86_400)
    return job
  }

  @Test func whoeverHasNothingUsesNothing() async throws {
    #expect(try await directory.catalog().quotaUse(of: Self.owner) == QuotaUse())
  }

  @Test func sourcesAndAllTracksCount() async throws {
    let catalog = try directory.catalog()
    let first = job(.done, minutes: 2)
    try await catalog.upsert([
      job(.waiting), job(.active), job(.failed), first, job(.done, minutes: 3, tracks: 3),
      job(.waiting, size: 1_000_000, owner: "bob@example.org"),
    ])
    let use = try await catalog.quotaUse(of: Self.owner)
    #expect((use.bytes, use.minutes, use.waiting) == (540, 11, 1))
    let (found, ended) = (try #require(use.firstConversion), try #require(first.finishedAt))
    #expect(abs(found.timeIntervalSince(ended)) < 0.001, "times are kept to the millisecond")
  }

  @Test func minutesCountForThirtyDays() async throws {
    let catalog = try directory.catalog()
    try await catalog.upsert([job(.done, minutes: 5, endedDaysAgo: 29.9), job(.done, minutes: 7, endedDaysAgo: 30.1)])
    let use = try await catalog.quotaUse(of: Self.owner)
    #expect(use.minutes == 5)
    #expect(use.bytes == 220, "what is stored counts for as long as it is stored")
  }

  @Test func deletedJobsLeaveTheirMinutesBehindAndNotTheirBytes() async throws {
    let catalog = try directory.catalog()
    let (fresh, old) = (job(.done, minutes: 5, tracks: 2), job(.done, minutes: 7, endedDaysAgo: 31))
    try await catalog.upsert([fresh, old])
    for job in [fresh, old, fresh] { try await catalog.expire(job.id) }
    var use = try await catalog.quotaUse(of: Self.owner)
    #expect((use.bytes, use.minutes) == (0, 10))
    // The spool was out of sight for a while: the job is there again, and counts once.
    try await catalog.upsert(fresh)
    use = try await catalog.quotaUse(of: Self.owner)
    #expect((use.bytes, use.minutes) == (120, 10))
  }

  @Test func rulesAreKeptAndChanged() async throws {
    let catalog = try directory.catalog()
    _ = try await catalog.addUser(email: Self.owner, password: "correct horse", isAdmin: false)
    #expect(try await catalog.quotaRules(of: Self.owner) == QuotaRules())
    var rules = QuotaRules()
    (rules.bytes, rules.minutes) = (.limit(0), .unlimited)
    try await catalog.setQuotaRules(rules, of: "ANN@example.org")
    #expect(try await catalog.quotaRules(of: Self.owner) == rules)
    try await catalog.setQuotaRules(QuotaRules(), of: Self.owner)
    #expect(try await catalog.quotaRules(of: Self.owner) == QuotaRules())
    let kind = await refusal { () throws(CatalogError) in
      try await catalog.setQuotaRules(QuotaRules(), of: "bob@example.org")
    }
    #expect(kind == .unknownUser)
  }

  /// What each upload asks; printed, not judged, since machines differ.
  @Test func aThousandJobsAreSummedUp() async throws {
    let catalog = try directory.catalog()
    try await catalog.upsert((0..<1000).map { _ in job(.done, minutes: 1) })
    let start = ContinuousClock.now
    #expect(try await catalog.quotaUse(of: Self.owner).minutes == 1000)
    print("the use of 1,000 jobs: \(ContinuousClock.now - start)")
  }
}
