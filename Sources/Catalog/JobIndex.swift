public import Foundation
import GRDB
public import Spool

extension Catalog {
  /// Records where a job stands.
  ///
  /// What is known already is never undone: within an attempt a job goes from waiting to active to its end, and a higher
  /// attempt starts anew; a record that is older than that, such as one from a listing that took long, changes nothing.
  /// A record without an exported name keeps the one that is known. Times are kept to the millisecond.
  public func upsert(_ job: JobRecord) async throws(CatalogError) { try await upsert([job]) }

  /// Records where jobs stand, all of them or none, each like ``upsert(_:)-(JobRecord)``.
  public func upsert(_ jobs: [JobRecord]) async throws(CatalogError) {
    guard !jobs.isEmpty else { return }
    try await commits.join(jobs) { [self] jobs throws(CatalogError) in
      try await write { db in
        let statement = try db.cachedStatement(sql: JobRow.upsert)
        for job in jobs { try statement.execute(arguments: try JobRow(job).arguments) }
      }
    }
  }

  /// The job of that id; nil where the index has none.
  public func job(_ id: JobID) async throws(CatalogError) -> JobRecord? {
    try await read { db in
      let statement = try db.cachedStatement(sql: "SELECT * FROM jobs WHERE id = ?")
      return try JobRow.fetchOne(statement, arguments: [id.description])?.job
    }
  }

  /// Jobs, newest first.
  ///
  /// - Parameters:
  ///   - limit: at most so many.
  ///   - cursor: only jobs that come after it, such as those of the next page.
  public func jobs(
    _ filter: JobFilter = JobFilter(), limit: Int = 100, after cursor: JobCursor? = nil
  ) async throws(CatalogError) -> [JobRecord] {
    var conditions = filter.conditions.map(\.sql)
    var arguments = StatementArguments(filter.conditions.map(\.value))
    if let cursor {
      conditions.append("(submitted_at, id) < (?, ?)")
      arguments += [cursor.submittedAt, cursor.id.description]
    }
    let condition = conditions.isEmpty ? "" : "WHERE \(conditions.joined(separator: " AND "))"
    let sql = "SELECT * FROM jobs \(condition) ORDER BY submitted_at DESC, id DESC LIMIT \(max(0, limit))"
    return try await read { [arguments] db in try JobRow.fetchAll(db, sql: sql, arguments: arguments).map(\.job) }
  }

  /// The jobs of `owner` that wait, the last to be taken in front, at most `limit`.
  public func lastWaiting(of owner: String, limit: Int = 1) async throws(CatalogError) -> [JobRecord] {
    try await read { db in
      let statement = try db.cachedStatement(
        sql: "SELECT * FROM jobs WHERE owner = ? AND state = 'waiting' ORDER BY id DESC LIMIT ?")
      return try JobRow.fetchAll(statement, arguments: [owner, limit]).map(\.job)
    }
  }

  /// The owner's jobs whose source has this SHA-256 and that have not failed, newest first.
  public func jobs(of owner: String, withSource sha256: String) async throws(CatalogError) -> [JobRecord] {
    try await read { db in
      let statement = try db.cachedStatement(
        sql: "SELECT * FROM jobs WHERE owner = ? AND sha256 = ? AND state <> 'failed' ORDER BY id DESC LIMIT 100")
      return try JobRow.fetchAll(statement, arguments: [owner, sha256]).map(\.job)
    }
  }

  /// Where the index believes that job to be; nil where it has none of that id.
  public func place(of id: JobID) async throws(CatalogError) -> (state: JobState, directory: String)? {
    try await read { db in
      let statement = try db.cachedStatement(sql: "SELECT state, directory FROM jobs WHERE id = ?")
      return try Row.fetchOne(statement, arguments: [id.description])
        .flatMap { row in JobState(rawValue: row["state"]).map { ($0, row["directory"]) } }
    }
  }

  /// Where the index believes each job to be: its state and its directory's name.
  public func indexedJobs() async throws(CatalogError) -> [JobID: (state: JobState, directory: String)] {
    try await read { db in
      var places: [JobID: (state: JobState, directory: String)] = [:]
      for row in try Row.fetchAll(db, sql: "SELECT id, state, directory FROM jobs") {
        guard let id = JobID(row["id"]), let state = JobState(rawValue: row["state"]) else { continue }
        places[id] = (state, row["directory"])
      }
      return places
    }
  }

  /// How many jobs there are in each state, 0 included.
  public func jobCounts() async throws(CatalogError) -> [JobState: Int] {
    let counted = try await read { db in
      try Row.fetchAll(db, sql: "SELECT state, count(*) AS count FROM jobs GROUP BY state").map {
        ($0["state"] as String, $0["count"] as Int)
      }
    }
    let counts = Dictionary(uniqueKeysWithValues: counted)
    return Dictionary(uniqueKeysWithValues: JobState.allCases.map { ($0, counts[$0.rawValue] ?? 0) })
  }

  /// Since when the job waits that has waited longest; nil where none does.
  public func oldestWaiting() async throws(CatalogError) -> Date? {
    try await read { db in
      try Int64.fetchOne(db, sql: "SELECT min(submitted_at) FROM jobs WHERE state = 'waiting'")
        .map(Date.init(milliseconds:))
    }
  }

  /// Forgets a job. One that is not there is no failure.
  public func remove(_ id: JobID) async throws(CatalogError) {
    try await write { db in try db.execute(sql: "DELETE FROM jobs WHERE id = ?", arguments: [id.description]) }
  }
}

extension Catalog {
  /// Forgets a job but for the fact that it was there and is gone. A job that the index does not have leaves nothing.
  public func expire(_ id: JobID) async throws(CatalogError) {
    try await write { db in
      try db.execute(
        sql: "INSERT OR REPLACE INTO expired_jobs (id, owner, expired_at) SELECT id, owner, ? FROM jobs WHERE id = ?",
        arguments: [Date.now.milliseconds, id.description])
      let since = Date.now.addingTimeInterval(-QuotaUse.window).milliseconds
      try db.execute(sql: QuotaSQL.remember, arguments: ["id": id.description, "since": since])
      try db.execute(sql: "DELETE FROM past_conversions WHERE ended_at < ?", arguments: [since])
      try db.execute(sql: "DELETE FROM jobs WHERE id = ?", arguments: [id.description])
    }
  }

  /// Whether the job was there and is gone. One that was recorded again since is not gone: the spool may have been out of
  /// sight for a while.
  public func isExpired(_ id: JobID) async throws(CatalogError) -> Bool {
    try await read { db in
      try Bool.fetchOne(
        db,
        sql: """
          SELECT EXISTS (SELECT 1 FROM expired_jobs WHERE id = :id) AND NOT EXISTS (SELECT 1 FROM jobs WHERE id = :id)
          """,
        arguments: ["id": id.description]) ?? false
    }
  }

  /// Forgets jobs for good that expired before `date`.
  public func forgetExpired(before date: Date) async throws(CatalogError) {
    try await write { db in
      try db.execute(sql: "DELETE FROM expired_jobs WHERE expired_at < ?", arguments: [date.milliseconds])
    }
  }
}
