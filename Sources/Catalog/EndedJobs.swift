public import Foundation
import GRDB
public import Spool
public import WireFormats

/// A job that has ended, as far as it matters to whether it is kept.
public struct EndedJob: Sendable, Equatable {
  public let id: JobID
  /// Done or failed.
  public let state: JobState
  public let owner: String
  /// The original file's name.
  public let name: String
  public let preset: Preset
  public let endedAt: Date
  /// What it takes on the disk: its source, and its MP3s.
  public let byteCount: Int64
  /// The name of its directory in the directory of its state.
  public let directory: String
  public let exportedName: String?

  public init(
    id: JobID, state: JobState, owner: String, name: String, preset: Preset, endedAt: Date, byteCount: Int64,
    directory: String, exportedName: String? = nil
  ) {
    (self.id, self.state, self.owner, self.name, self.preset) = (id, state, owner, name, preset)
    (self.endedAt, self.byteCount) = (endedAt, byteCount)
    (self.directory, self.exportedName) = (directory, exportedName)
  }

  public init?(_ job: JobRecord) {
    guard job.state.hasEnded, let endedAt = job.finishedAt else { return nil }
    let byteCount = (job.result?.all ?? []).reduce(job.size) { $0 + $1.byteCount }
    self.init(
      id: job.id, state: job.state, owner: job.owner, name: job.name, preset: job.options.preset, endedAt: endedAt,
      byteCount: byteCount, directory: job.directory, exportedName: job.exportedName)
  }
}

extension Catalog {
  /// All jobs that have ended, those that ended first in front.
  public func endedJobs() async throws(CatalogError) -> [EndedJob] {
    try await read { db in
      // Row by row, and sorted here: a record takes much more memory than what is kept of it.
      let rows = try JobRow.fetchCursor(db, sql: "SELECT * FROM jobs WHERE state IN ('done', 'failed')")
      return try Array(rows.compactMap { EndedJob($0.job) })
    }.sorted { ($0.endedAt, $0.id) < ($1.endedAt, $1.id) }
  }
}
