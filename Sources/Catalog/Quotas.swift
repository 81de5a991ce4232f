public import Foundation
import GRDB
public import Spool

/// How much a user may have; nil: as much as they like.
public struct QuotaLimits: Sendable, Equatable {
  /// Sources and MP3s that are stored, in bytes.
  public var bytes: Int64?
  /// Minutes of audio that were converted in the last 30 days.
  public var minutes: Int64?
  /// Jobs that wait at once.
  public var waiting: Int64?

  public init(bytes: Int64? = nil, minutes: Int64? = nil, waiting: Int64? = nil) {
    (self.bytes, self.minutes, self.waiting) = (bytes, minutes, waiting)
  }

  public var isUnlimited: Bool { self == QuotaLimits() }
}

/// How much a user has.
public struct QuotaUse: Sendable, Equatable {
  public var bytes: Int64
  public var minutes: Double
  public var waiting: Int64
  /// The end of the first conversion that counts, after 30 days of which there are fewer minutes.
  public var firstConversion: Date?

  /// Conversions count so long.
  public static let window: TimeInterval = 30 * 24 * 60 * 60

  public init(bytes: Int64 = 0, minutes: Double = 0, waiting: Int64 = 0, firstConversion: Date? = nil) {
    (self.bytes, self.minutes, self.waiting, self.firstConversion) = (bytes, minutes, waiting, firstConversion)
  }
}

/// What one user has of the limits: something else than the default, or nothing else.
public enum QuotaRule: Sendable, Equatable {
  case usual
  case unlimited
  case limit(Int64)

  /// The limit, where the default is this.
  func over(_ usual: Int64?) -> Int64? {
    switch self {
    case .usual: usual
    case .unlimited: nil
    case .limit(let limit): limit
    }
  }
}

/// One user's rules.
public struct QuotaRules: Sendable, Equatable {
  public var bytes = QuotaRule.usual
  public var minutes = QuotaRule.usual
  public var waiting = QuotaRule.usual

  public init() {}

  public func over(_ usual: QuotaLimits) -> QuotaLimits {
    QuotaLimits(
      bytes: bytes.over(usual.bytes), minutes: minutes.over(usual.minutes), waiting: waiting.over(usual.waiting))
  }
}

extension QuotaLimits {
  /// Whether an upload may come.
  public enum Verdict: Sendable, Equatable {
    case room
    /// It would fit where nothing else is stored.
    case full
    /// It does not fit at all.
    case tooLarge
    case tooManyWaiting
    case tooManyMinutes
  }

  /// - Parameter byteCount: of the new file, or what is known of it.
  public func verdict(on use: QuotaUse, for byteCount: Int64) -> Verdict {
    if let waiting, use.waiting >= waiting { return .tooManyWaiting }
    if let minutes, use.minutes >= Double(minutes) { return .tooManyMinutes }
    guard let bytes else { return .room }
    if byteCount > bytes { return .tooLarge }
    // One that does not say how long it is must at least find room for a byte.
    return max(byteCount, 1) > bytes - use.bytes ? .full : .room
  }
}

extension Catalog {
  /// The rules that were made for this owner of jobs.
  public func quotaRules(of owner: String) async throws(CatalogError) -> QuotaRules {
    let key = Self.quotaKey(owner)
    return try await read { db in try QuotaRules.stored(for: key, in: db) }
  }

  /// Makes rules for a user. Where the users are in another service's database, anybody may have some.
  ///
  /// - Throws: `unknownUser`, `busy`, `unusable`.
  public func setQuotaRules(_ rules: QuotaRules, of email: String) async throws(CatalogError) {
    let key = try Email(email).key
    try await write { db in
      let isKnown = try Bool.fetchOne(
        db,
        sql: "SELECT EXISTS (SELECT 1 FROM users WHERE email_key = ?) OR NOT EXISTS (SELECT 1 FROM users)",
        arguments: [key])
      guard isKnown == true else { throw CatalogError(.unknownUser, "There is no user \(email).") }
      try rules.store(for: key, in: db)
    }
  }

  /// What an owner of jobs has, by the index.
  ///
  /// - Parameter jobs: these don't count.
  public func quotaUse(
    of owner: String, except jobs: [JobID] = [], now: Date = .now
  ) async throws(CatalogError) -> QuotaUse {
    let except = "[\(jobs.map { "\"\($0)\"" }.joined(separator: ","))]"
    return try await read { db in
      let row = try Row.fetchOne(
        db, sql: QuotaSQL.use,
        arguments: ["owner": owner, "except": except, "since": now.addingTimeInterval(-QuotaUse.window).milliseconds])
      guard let row else { return QuotaUse() }
      return QuotaUse(
        bytes: row["bytes"], minutes: (row["seconds"] as Double) / 60, waiting: row["waiting"],
        firstConversion: (row["first"] as Int64?).map(Date.init(milliseconds:)))
    }
  }

  private static func quotaKey(_ owner: String) -> String { (try? Email(owner).key) ?? owner }
}

extension QuotaRules {
  /// The rules of the owner with this key: those of a user's email.
  static func stored(for key: String, in db: Database) throws -> QuotaRules {
    let statement = try db.cachedStatement(sql: "SELECT * FROM quotas WHERE owner_key = ?")
    var rules = QuotaRules()
    guard let row = try Row.fetchOne(statement, arguments: [key]) else { return rules }
    (rules.bytes, rules.minutes, rules.waiting) = (
      QuotaRule(row["bytes"]), QuotaRule(row["minutes"]), QuotaRule(row["waiting"])
    )
    return rules
  }

  func store(for key: String, in db: Database) throws {
    try db.execute(
      sql: "INSERT OR REPLACE INTO quotas (owner_key, bytes, minutes, waiting) VALUES (?, ?, ?, ?)",
      arguments: [key, bytes.stored, minutes.stored, waiting.stored])
  }
}

extension QuotaRule {
  fileprivate init(_ stored: Int64?) {
    self = stored.map { $0 < 0 ? .unlimited : .limit($0) } ?? .usual
  }

  fileprivate var stored: Int64? {
    switch self {
    case .usual: nil
    case .unlimited: -1
    case .limit(let limit): limit
    }
  }
}

/// What jobs take. A job that is gone leaves its minutes behind: who deletes has converted nevertheless.
enum QuotaSQL {
  private static func total(_ field: String) -> String {
    """
    (coalesce(json_extract(result, '$.\(field)'), 0)
      + (SELECT coalesce(sum(json_extract(value, '$.\(field)')), 0) FROM json_each(result, '$.otherTracks')))
    """
  }

  static let use = """
    WITH mine AS (
      SELECT size + \(total("byteCount")) AS bytes, state = 'waiting' AS is_waiting,
        iif(state = 'done' AND finished_at >= :since, \(total("duration")), 0) AS seconds,
        iif(state = 'done' AND finished_at >= :since, finished_at, NULL) AS ended
      FROM jobs WHERE owner = :owner AND id NOT IN (SELECT value FROM json_each(:except))
      UNION ALL
      SELECT 0, 0, seconds, ended_at FROM past_conversions
      WHERE owner = :owner AND ended_at >= :since AND id NOT IN (SELECT id FROM jobs)
    )
    SELECT coalesce(sum(bytes), 0) AS bytes, coalesce(sum(is_waiting), 0) AS waiting,
      coalesce(sum(seconds), 0.0) AS seconds, min(ended) AS first
    FROM mine
    """

  /// Keeps the minutes of a job that goes.
  static let remember = """
    INSERT OR REPLACE INTO past_conversions (id, owner, seconds, ended_at)
    SELECT id, owner, \(total("duration")), finished_at FROM jobs
    WHERE id = :id AND state = 'done' AND finished_at >= :since
    """
}
