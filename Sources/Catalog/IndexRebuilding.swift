import GRDB
public import Spool

// An index is built anew row by row, while others read it and a service writes to it. Its rows stay until there is something
// better: a reader who found none would say that there is no such job.

extension Catalog {
  /// Makes the index fit to be built anew: makes its tables where they are missing, makes anew what SQLite derives from its
  /// rows, and removes rows that nobody can read. Users, keys and the memory of expired jobs stay.
  public func mendIndex() async throws(CatalogError) {
    try await write { db in
      try Schema.makeIndex(db)
      try db.execute(sql: "REINDEX jobs")
    }
    let unreadable = try await unreadableJobs()
    guard !unreadable.isEmpty else { return }
    try await write { db in
      for id in unreadable { try db.execute(sql: "DELETE FROM jobs WHERE id = ?", arguments: [id]) }
    }
  }

  private func unreadableJobs() async throws(CatalogError) -> [String] {
    try await read { db in
      var ids: [String] = []
      let rows = try Row.fetchCursor(db, sql: "SELECT * FROM jobs")
      while let row = try rows.next() { if (try? JobRow(row: row)) == nil { ids.append(row["id"]) } }
      return ids
    }
  }

  /// Records where jobs stand in the spool, whatever the index says of them, all of them or none.
  ///
  /// - Parameter event: the newest event before the spool was read. A job that something happened to since is left as it
  ///   is: whoever recorded that knows better.
  public func rewrite(_ jobs: [JobRecord], unlessChangedSince event: Int64) async throws(CatalogError) {
    try await write { db in
      let changed = try String.fetchSet(db, sql: "SELECT job FROM job_events WHERE number > ?", arguments: [event])
      let statement = try db.cachedStatement(sql: JobRow.rewrite)
      for job in jobs where !changed.contains(job.id.description) {
        try statement.execute(arguments: try JobRow(job).arguments)
      }
    }
  }
}
