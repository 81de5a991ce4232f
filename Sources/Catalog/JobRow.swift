import Foundation
import GRDB
import Spool
import WireFormats

/// A job as a row of the table `jobs`.
struct JobRow: FetchableRecord {
  let job: JobRecord

  init(_ job: JobRecord) { self.job = job }

  /// - Throws: `unusable` where somebody else wrote a value that no job has.
  init(row: Row) throws {
    do { job = try Self.read(row) } catch {
      let id = row["id"] as String
      throw CatalogError(
        .unusable, "The index entry of job \(id) is damaged. Rebuild the index with `mp3spool reindex`.")
    }
  }

  private static func read(_ row: Row) throws -> JobRecord {
    JobRecord(
      id: try known(JobID(row["id"])), state: try known(JobState(rawValue: row["state"])), attempt: row["attempt"],
      owner: row["owner"], name: row["name"], size: row["size"], sha256: row["sha256"],
      options: try decode(row["options"]), origin: try known(JobOrigin(rawValue: row["origin"])),
      submittedAt: Date(milliseconds: row["submitted_at"]), host: row["host"],
      finishedAt: (row["finished_at"] as Int64?).map(Date.init(milliseconds:)), directory: row["directory"],
      exportedName: row["exported_name"], result: try (row["result"] as String?).map(decode),
      failure: try (row["failure"] as String?).map(decode),
      request: (row["request"] as String?).flatMap { RequestID($0) })
  }

  private struct UnknownValue: Error {}

  private static func known<Value>(_ value: Value?) throws -> Value {
    guard let value else { throw UnknownValue() }
    return value
  }

  /// The values for ``upsert`` and ``rewrite``.
  var arguments: StatementArguments {
    get throws {
      [
        "id": job.id.description, "state": job.state.rawValue, "attempt": job.attempt, "owner": job.owner,
        "name": job.name, "size": job.size, "sha256": job.sha256, "options": try Self.encode(job.options),
        "origin": job.origin.rawValue, "submitted_at": job.submittedAt.milliseconds, "host": job.host,
        "finished_at": job.finishedAt?.milliseconds, "directory": job.directory, "exported_name": job.exportedName,
        "result": try job.result.map(Self.encode), "failure": try job.failure.map(Self.encode),
        "request": job.request?.description,
      ]
    }
  }

  static let columns = [
    "id", "state", "attempt", "owner", "name", "size", "sha256", "options", "origin", "submitted_at", "host",
    "finished_at", "directory", "exported_name", "result", "failure", "request",
  ]

  /// Writes a row, unless the one that is there is further on.
  ///
  /// In the spool a job's attempt and, within it, its stage only ever grow, so of two records the one with more is the
  /// newer.
  static let upsert = """
    \(rewrite)
    WHERE (excluded.attempt, \(stage(of: "excluded"))) >= (jobs.attempt, \(stage(of: "jobs")))
    """

  /// Writes a row in the place of whatever is there.
  static let rewrite = """
    INSERT INTO jobs (\(columns.joined(separator: ", ")))
    VALUES (\(columns.map { ":" + $0 }.joined(separator: ", ")))
    ON CONFLICT (id) DO UPDATE SET \(columns.dropFirst().map(assignment).joined(separator: ", "))
    """

  private static func assignment(_ column: String) -> String {
    column == "exported_name"
      ? "\(column) = coalesce(excluded.\(column), jobs.\(column))" : "\(column) = excluded.\(column)"
  }

  private static func stage(of table: String) -> String {
    "CASE \(table).state WHEN 'waiting' THEN 0 WHEN 'active' THEN 1 ELSE 2 END"
  }

  private static func encode(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  private static func decode<Value: Decodable>(_ text: String) throws -> Value {
    try JSONDecoder().decode(Value.self, from: Data(text.utf8))
  }
}
