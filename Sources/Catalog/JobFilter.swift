import Foundation
import GRDB
public import Spool

/// Which jobs are wanted; what is nil excludes none.
public struct JobFilter: Sendable, Equatable {
  public var state: JobState?
  public var owner: String?
  /// A part of the file's name; ASCII letters are the same whether capital or small.
  public var text: String?

  public init(state: JobState? = nil, owner: String? = nil, text: String? = nil) {
    self.state = state
    self.owner = owner
    self.text = text
  }

  /// A condition for each wish, with its value.
  var conditions: [(sql: String, value: String)] {
    [("state = ?", state?.rawValue), ("owner = ?", owner), ("name LIKE ? ESCAPE '\\'", text.map(Self.pattern))]
      .compactMap { sql, value in value.map { (sql, $0) } }
  }

  /// LIKE's wildcards stand for themselves (sqlite.org/lang_expr.html#like).
  private static func pattern(_ text: String) -> String {
    "%\(text.replacing(/[\\%_]/) { "\\\($0.output)" })%"
  }
}

/// A place in a list of jobs, newest first: all that are older come after it. It stays good when the job itself is gone.
///
/// As text it is `MILLISECONDS-FID`.
public struct JobCursor: Sendable, Equatable, LosslessStringConvertible {
  let submittedAt: Int64
  let id: JobID

  /// Right behind `job`.
  public init(after job: JobRecord) {
    submittedAt = job.submittedAt.milliseconds
    id = job.id
  }

  public init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let submittedAt = Int64(parts[0]), let id = JobID(String(parts[1])) else { return nil }
    self.submittedAt = submittedAt
    self.id = id
  }

  public var description: String { "\(submittedAt)-\(id)" }
}
