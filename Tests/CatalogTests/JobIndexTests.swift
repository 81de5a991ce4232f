import Foundation
import GRDB
import Spool
import Testing
import WireFormats

@testable import Catalog

extension JobRecord {
  /// A job that waits; `number` grows with its age's opposite: a greater one is newer.
  static func waiting(_ number: Int, owner: String = "ann@example.org") throws -> JobRecord {
    let id = try #require(JobID(String(format: "01JZ%022d", number)))
    return JobRecord(
      id: id, state: .waiting, attempt: 0, owner: owner, name: "talk \(number).mp4", size: 1_000, options: .init(),
      origin: .upload, submittedAt: Date(timeIntervalSince1970: 1_800_000_000.125), directory: "\(id).0")
  }

  func moved(to state: JobState, attempt: Int) -> JobRecord {
    var job = self
    job.state = state
    job.attempt = attempt
    job.directory = "\(id).\(attempt).\(state)"
    job.finishedAt = state == .done || state == .failed ? submittedAt + 60 : nil
    return job
  }

  /// Every field that a job can have.
  static func full() throws -> JobRecord {
    var job = try waiting(1).moved(to: .done, attempt: 2)
    try job.options.set("preset", to: "cbr-192")
    try job.options.set("track", to: "2")
    job.origin = .drop
    job.sha256 = String(repeating: "0a", count: 32)
    job.host = "host-boot-life"
    job.exportedName = "talk 'one' \u{1F3A4}.mp3"
    job.result = JobResult(
      sha256: String(repeating: "ff", count: 32), byteCount: 1 << 40, duration: 0.1, sampleRate: 44_100, channels: 2,
      bitrate: 192_000, container: "mov,mp4", codec: "aac", warnings: ["one", "two"], copied: true,
      output: "a.0123456789abcdef/audio.mp3")
    job.failure = JobFailure(code: "no-audio", sentence: "There is no audio.", isCertain: true, attempt: 1)
    return job
  }
}

@Suite struct JobIndexTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @Test func aJobComesBackAsItWas() async throws {
    let catalog = try directory.catalog()
    for job in [try JobRecord.full(), try .waiting(2)] {
      try await catalog.upsert(job)
      #expect(try await catalog.job(job.id) == job)
    }
    #expect(try await catalog.job(try JobRecord.waiting(3).id) == nil)
  }

  /// What may follow what: later stages of an attempt, and higher attempts.
  @Test(arguments: JobState.allCases, JobState.allCases) func aJobNeverGoesBack(from old: JobState, to new: JobState)
    async throws
  {
    let catalog = try directory.catalog()
    let stages: [JobState: Int] = [.waiting: 0, .active: 1, .done: 2, .failed: 2]
    for attempt in 0...2 {
      let job = try JobRecord.waiting(attempt)
      let before = job.moved(to: old, attempt: 1)
      let after = job.moved(to: new, attempt: attempt)
      try await catalog.upsert(before)
      try await catalog.upsert(after)
      let isNewer = attempt > 1 || (attempt == 1 && stages[new]! >= stages[old]!)
      #expect(try await catalog.job(job.id) == (isNewer ? after : before))
    }
  }

  @Test func aRescanDoesNotForgetTheExportedName() async throws {
    let catalog = try directory.catalog()
    var job = try JobRecord.full()
    try await catalog.upsert(job)
    job.exportedName = nil
    job.host = nil
    try await catalog.upsert(job)
    #expect(try await catalog.job(job.id)?.exportedName == JobRecord.full().exportedName)
    #expect(try await catalog.job(job.id)?.host == nil)
    job.exportedName = "talk (2).mp3"
    try await catalog.upsert(job)
    #expect(try await catalog.job(job.id)?.exportedName == "talk (2).mp3")
  }

  @Test func manyJobsAreWrittenTogetherOrNotAtAll() async throws {
    let catalog = try directory.catalog()
    var jobs = try (0..<100).map { try JobRecord.waiting($0) }
    try await catalog.upsert(jobs)
    try await catalog.upsert([])
    #expect(try await catalog.jobCounts()[.waiting] == 100)
    jobs = try (100..<110).map { try JobRecord.waiting($0) }
    // JSON has no such number.
    jobs[9].result = try JobRecord.full().result
    jobs[9].result?.duration = .infinity
    let kind = await refusal { () throws(CatalogError) in try await catalog.upsert(jobs) }
    #expect(kind == .unusable)
    #expect(try await catalog.jobCounts()[.waiting] == 100)
  }

  @Test func jobsAreListedNewestFirstPageByPage() async throws {
    let catalog = try directory.catalog()
    // The order of their ids is another one: it is the order in which converters take them.
    var jobs = try (0..<10).map { try JobRecord.waiting(9 - $0, owner: $0.isMultiple(of: 2) ? "ann" : "bob") }
    for index in jobs.indices { jobs[index].submittedAt += Double(index) }
    try await catalog.upsert(jobs)
    try await catalog.upsert(jobs[4].moved(to: .active, attempt: 0))
    func list(_ filter: JobFilter = JobFilter(), limit: Int = 100, after index: Int? = nil) async throws -> [Int] {
      let cursor = try index.map { try #require(JobCursor("\(JobCursor(after: jobs[$0]))")) }
      let found = try await catalog.jobs(filter, limit: limit, after: cursor)
      return found.compactMap { job in jobs.firstIndex { $0.id == job.id } }
    }
    #expect(try await list() == Array((0..<10).reversed()))
    #expect(try await list(limit: 3) == [9, 8, 7])
    #expect(try await list(limit: 3, after: 7) == [6, 5, 4])
    #expect(try await list(JobFilter(owner: "ann"), limit: 2, after: 6) == [4, 2])
    #expect(try await list(JobFilter(state: .active)) == [4])
    #expect(try await list(JobFilter(state: .waiting, owner: "ann")) == [8, 6, 2, 0])
    #expect(try await list(JobFilter(state: .done)).isEmpty)
    #expect(try await list(JobFilter(owner: "ann' OR 1 = 1 --")).isEmpty)
    #expect(try await list(limit: -1).isEmpty)
    // A page goes on where it was, also when the job at its end is gone, or others of its very time are there.
    try await catalog.remove(jobs[7].id)
    #expect(try await list(limit: 2, after: 7) == [6, 5])
  }

  @Test func jobsOfTheSameMillisecondAreListedOnceEach() async throws {
    let catalog = try directory.catalog()
    let jobs = try (0..<5).map { try JobRecord.waiting($0) }
    try await catalog.upsert(jobs)
    var (found, cursor): ([JobID], JobCursor?) = ([], nil)
    while let job = try await catalog.jobs(limit: 1, after: cursor).first {
      found.append(job.id)
      cursor = JobCursor(after: job)
    }
    #expect(found == jobs.reversed().map(\.id))
  }

  @Test(arguments: [
    ("TALK", [0, 1, 2]), ("50%", [1]), ("%", [1]), ("_", [2]), ("a_b", [2]), ("\\", []), ("", [0, 1, 2]), ("tälk", []),
  ])
  func aTextIsLookedForInNames(_ text: String, _ expected: [Int]) async throws {
    let catalog = try directory.catalog()
    var jobs = try (0..<3).map { try JobRecord.waiting($0) }
    for (index, name) in ["talk.mp4", "talk 50%.mp4", "talk a_b.mp4"].enumerated() { jobs[index].name = name }
    try await catalog.upsert(jobs)
    #expect(try await Set(catalog.jobs(JobFilter(text: text)).map(\.name)) == Set(expected.map { jobs[$0].name }))
  }

  @Test(arguments: ["", "1", "-", "1-", "1-x", "x-01JZ0000000000000000000001", "1-01JZ0000000000000000000001-"])
  func whatIsNoCursorIsNone(_ text: String) { #expect(JobCursor(text) == nil) }

  @Test func theIndexSaysWhereEachJobIs() async throws {
    let catalog = try directory.catalog()
    let jobs = [try JobRecord.waiting(1), try JobRecord.waiting(2).moved(to: .active, attempt: 1)]
    try await catalog.upsert(jobs)
    let places = try await catalog.indexedJobs()
    #expect(places.count == 2)
    for job in jobs {
      #expect(places[job.id]?.state == job.state)
      #expect(places[job.id]?.directory == job.directory)
    }
  }

  @Test func countsNameEveryState() async throws {
    let catalog = try directory.catalog()
    #expect(try await catalog.jobCounts() == [.waiting: 0, .active: 0, .done: 0, .failed: 0])
    try await catalog.upsert([
      try .waiting(1), try .waiting(2), try JobRecord.waiting(3).moved(to: .failed, attempt: 0),
    ])
    #expect(try await catalog.jobCounts() == [.waiting: 2, .active: 0, .done: 0, .failed: 1])
  }

  @Test func jobsThatHaveEndedComeInTheOrderOfTheirEnds() async throws {
    let catalog = try directory.catalog()
    var jobs = try (0..<3).map { try JobRecord.waiting($0).moved(to: .done, attempt: 0) }
    jobs.append(try JobRecord.waiting(9).moved(to: .failed, attempt: 0))
    for place in jobs.indices { jobs[place].finishedAt = Date(timeIntervalSince1970: 1_800_000_000 - Double(place)) }
    try await catalog.upsert(jobs + [try .waiting(10), try JobRecord.waiting(11).moved(to: .active, attempt: 0)])
    let ended = try await catalog.endedJobs()
    #expect(ended == jobs.reversed().compactMap { EndedJob($0) })
    #expect(ended.count == 4)
  }

  @Test func aRemovedJobLeavesNothing() async throws {
    let catalog = try directory.catalog()
    let job = try JobRecord.full()
    try await catalog.upsert(job)
    try await catalog.remove(job.id)
    try await catalog.remove(job.id)
    #expect(try await catalog.job(job.id) == nil)
    #expect(try await !catalog.isExpired(job.id))
  }

  @Test func anExpiredJobIsRemembered() async throws {
    let catalog = try directory.catalog()
    let job = try JobRecord.full()
    try await catalog.upsert(job)
    #expect(try await !catalog.isExpired(job.id))
    try await catalog.expire(job.id)
    try await catalog.expire(job.id)
    #expect(try await catalog.isExpired(job.id))
    #expect(try await catalog.job(job.id) == nil)
  }

  @Test func anUnknownJobDoesNotExpire() async throws {
    let catalog = try directory.catalog()
    let id = try JobRecord.waiting(7).id
    try await catalog.expire(id)
    #expect(try await !catalog.isExpired(id))
  }

  @Test func aJobThatIsSeenAgainIsNotExpired() async throws {
    let catalog = try directory.catalog()
    let job = try JobRecord.full()
    for _ in 0..<2 {
      try await catalog.upsert(job)
      #expect(try await catalog.job(job.id) == job)
      #expect(try await !catalog.isExpired(job.id))
      try await catalog.expire(job.id)
      #expect(try await catalog.isExpired(job.id))
    }
  }

  @Test func theMemoryOfExpiredJobsFades() async throws {
    let catalog = try directory.catalog()
    let job = try JobRecord.full()
    try await catalog.upsert(job)
    try await catalog.expire(job.id)
    try await catalog.forgetExpired(before: .now - 3600)
    #expect(try await catalog.isExpired(job.id))
    try await catalog.forgetExpired(before: .now + 3600)
    #expect(try await !catalog.isExpired(job.id))
  }

  @Test func anIndexThatIsMendedHasWhatItHadAndNothingThatCannotBeRead() async throws {
    let catalog = try directory.catalog()
    try await catalog.upsert(try (1...3).map { try .waiting($0) })
    try await catalog.write { db in
      try db.execute(
        sql: "UPDATE jobs SET origin = 'mail' WHERE id = ?", arguments: [try JobRecord.waiting(1).id.description])
      try db.execute(
        sql: "UPDATE jobs SET id = 'odd' WHERE id = ?", arguments: [try JobRecord.waiting(2).id.description])
    }
    try await catalog.mendIndex()
    #expect(try await catalog.jobs() == [try .waiting(3)])
  }

  @Test func whatIsRewrittenIsAsInTheSpoolButForWhatHappenedSince() async throws {
    let catalog = try directory.catalog()
    let (wrong, moving) = (try JobRecord.waiting(1), try JobRecord.waiting(2))
    try await catalog.upsert([wrong.moved(to: .done, attempt: 9), moving])
    let event = try await catalog.newestEvent()
    try await catalog.upsert(moving.moved(to: .active, attempt: 0))
    try await catalog.rewrite([wrong, moving, try .waiting(3)], unlessChangedSince: event)
    let states = try await catalog.jobs().map { "\($0.state) \($0.attempt)" }
    #expect(states.sorted() == ["active 0", "waiting 0", "waiting 0"])
  }

  @Test func anEmptiedIndexLeavesUsersKeysAndExpiredJobs() async throws {
    let catalog = try directory.catalog()
    let user = try await catalog.addUser(email: "ann@example.org", password: "correct horse", isAdmin: false)
    let key = try await catalog.signingKey(for: .sidecar)
    let expired = try JobRecord.waiting(1)
    try await catalog.upsert([expired, try .waiting(2)])
    try await catalog.expire(expired.id)
    try await catalog.emptyIndex()
    #expect(try await catalog.jobs().isEmpty)
    #expect(try await catalog.isExpired(expired.id))
    #expect(try await catalog.users() == [user])
    #expect(try await catalog.signingKey(for: .sidecar) == key)
    try await catalog.upsert(try .waiting(3))
    #expect(try await catalog.jobs().count == 1)
  }

  @Test(arguments: ["options = '{'", "origin = 'mail'", "result = '{}'", "failure = 'x'"])
  func aDamagedEntryNamesTheRemedy(damage: String) async throws {
    let catalog = try directory.catalog()
    let job = try JobRecord.full()
    try await catalog.upsert(job)
    try await catalog.write { db in try db.execute(sql: "UPDATE jobs SET \(damage)") }
    let error = await #expect(throws: CatalogError.self) { try await catalog.job(job.id) }
    #expect(error?.kind == .unusable)
    #expect(error?.description.contains("mp3spool reindex") == true)
    #expect(error?.description.contains(job.id.description) == true)
  }
}
