import Foundation
import GRDB
public import Spool

/// Something happened to a job: it came to a state, or was removed.
///
/// The index writes them by itself, in the transaction of the change (see `Schema`), whatever process makes it.
public struct JobEvent: Sendable, Equatable {
  /// Greater than that of every event before.
  public let number: Int64
  public let id: JobID
  public let owner: String
  /// nil where the job was removed.
  public let state: JobState?
}

extension Catalog {
  /// How many events are remembered.
  private static let memory = 100_000

  /// The number of the newest event, or where there was none yet, the one before the first.
  public func newestEvent() async throws(CatalogError) -> Int64 { try await read(Self.newestEvent) }

  private static func newestEvent(_ db: Database) throws -> Int64 {
    try Int64.fetchOne(db, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'job_events'") ?? 0
  }

  /// The events after that number, oldest first, at most `limit`; nil where some of them are forgotten.
  public func events(after number: Int64, limit: Int = 1000) async throws(CatalogError) -> [JobEvent]? {
    try await read { db in
      // A number that was never given comes from another database.
      let last = try Self.newestEvent(db)
      let first = try Int64.fetchOne(db, sql: "SELECT min(number) - 1 FROM job_events") ?? last
      guard first...max(first, last) ~= number else { return nil }
      return try Row.fetchAll(
        db, sql: "SELECT * FROM job_events WHERE number > ? ORDER BY number LIMIT ?", arguments: [number, limit]
      ).compactMap(JobEvent.init)
    }
  }

  /// Forgets all but the newest events.
  public func forgetEvents() async throws(CatalogError) {
    try await write { db in
      try db.execute(
        sql: "DELETE FROM job_events WHERE number <= (SELECT max(number) FROM job_events) - ?",
        arguments: [Self.memory])
    }
  }

  /// The jobs of those ids that the index has, in no order.
  public func jobs(_ ids: some Collection<JobID> & Sendable) async throws(CatalogError) -> [JobRecord] {
    let ids = ids.map(\.description)
    guard !ids.isEmpty else { return [] }
    return try await read { db in
      let marks = databaseQuestionMarks(count: ids.count)
      return try JobRow.fetchAll(
        db, sql: "SELECT * FROM jobs WHERE id IN (\(marks))", arguments: StatementArguments(ids)
      ).map(\.job)
    }
  }
}

extension JobEvent {
  fileprivate init?(_ row: Row) {
    guard let id = JobID(row["job"]) else { return nil }
    self.init(number: row["number"], id: id, owner: row["owner"], state: JobState(rawValue: row["kind"]))
  }
}
