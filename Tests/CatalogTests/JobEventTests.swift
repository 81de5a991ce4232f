import Foundation
import GRDB
import Spool
import Testing

@testable import Catalog

@Suite struct JobEventTests {
  let directory: TemporaryDirectory
  let catalog: Catalog

  init() throws {
    directory = try TemporaryDirectory()
    catalog = try directory.catalog()
  }

  @Test func eachChangeOfStateIsAnEvent() async throws {
    let job = try JobRecord.waiting(1)
    let begin = try await catalog.newestEvent()
    for record in [job, job.moved(to: .active, attempt: 0), job.moved(to: .waiting, attempt: 1)] {
      try await catalog.upsert(record)
    }
    // What is known already, and what is older, is none.
    try await catalog.upsert([job.moved(to: .waiting, attempt: 1), job.moved(to: .active, attempt: 0)])
    try await catalog.upsert(job.moved(to: .done, attempt: 1))
    try await catalog.expire(job.id)
    let events = try #require(try await catalog.events(after: begin))
    #expect(events.map(\.state) == [.waiting, .active, .waiting, .done, nil])
    #expect(events.allSatisfy { $0.id == job.id && $0.owner == job.owner })
    #expect(events.map(\.number) == events.map(\.number).sorted())
    #expect(try await catalog.newestEvent() == events.last?.number)
    #expect(try await catalog.events(after: events[2].number) == Array(events[3...]))
    #expect(try await catalog.events(after: events[4].number) == [])
  }

  @Test func numbersThatWereNeverGivenAndForgottenOnesAreNotAnsweredWithNothing() async throws {
    let begin = try await catalog.newestEvent()
    #expect(try await catalog.events(after: begin + 7) == nil)
    #expect(try await catalog.events(after: begin) == [])
    try await catalog.upsert(try (1...3).map { try JobRecord.waiting($0) })
    try await catalog.pool.write { db in
      try db.execute(sql: "DELETE FROM job_events WHERE number < ?", arguments: [begin + 3])
    }
    #expect(try await catalog.events(after: begin + 1) == nil)
    #expect(try await catalog.events(after: begin + 2)?.count == 1)
    #expect(try await catalog.events(after: begin + 4) == nil)
  }

  /// A listener that has heard of the former one's events was told that it had missed nothing, once this one had as many.
  @Test func eventsOfAnotherDatabaseAreNeverThoughtToBeOnesOwn() async throws {
    try await catalog.upsert(try (1...3).map { try JobRecord.waiting($0) })
    let heard = try await catalog.newestEvent()
    // The numbers are of the clock, which no restoration is so quick as to overtake.
    while Date.now.milliseconds * 1000 <= heard { await Task.yield() }
    let place = try TemporaryDirectory()
    let other = try place.catalog()
    try await other.upsert(try (1...9).map { try JobRecord.waiting($0) })
    #expect(try await other.events(after: heard) == nil)
    try other.pool.close()
  }

  @Test func numbersGrowAlsoWhenTheIndexIsBuiltAnew() async throws {
    try await catalog.upsert(JobRecord.waiting(1))
    let before = try await catalog.newestEvent()
    try await catalog.emptyIndex()
    try await catalog.upsert(JobRecord.waiting(2))
    #expect(try await catalog.newestEvent() > before)
  }

  @Test func jobsAreFoundByTheirIDs() async throws {
    let jobs = try (1...3).map { try JobRecord.waiting($0) }
    try await catalog.upsert(jobs)
    let found = try await catalog.jobs([jobs[0].id, jobs[2].id, try JobRecord.waiting(9).id])
    #expect(Set(found.map(\.id)) == [jobs[0].id, jobs[2].id])
    #expect(try await catalog.jobs([JobID]()) == [])
  }
}
