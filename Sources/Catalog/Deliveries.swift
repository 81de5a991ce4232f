public import Foundation
import GRDB
public import Spool
public import Tokens

/// One message to one receiver, on its way or in the log.
public struct Delivery: Sendable, Equatable {
  public enum Kind: String, Sendable, Hashable, CaseIterable, Encodable { case webhook, mail }
  public enum State: String, Sendable, Hashable, CaseIterable, Encodable {
    case waiting, delivered
    case givenUp = "given-up"
  }

  /// Greater than that of every delivery before.
  public let number: Int64
  /// What the receiver knows it by: the same at each try.
  public let id: String
  public let kind: Kind
  /// The webhook whose delivery it is; nil for a mail and for a URL that came with an upload.
  public let webhook: String?
  /// The URL, or the mail's address.
  public let target: String
  public let owner: String
  /// nil for a ping.
  public let job: JobID?
  /// `done`, `failed` or `ping`.
  public let event: String
  public let state: State
  /// Since it was made, or since somebody asked to send it again.
  public let tries: Int
  /// When it is tried next, if it waits.
  public let nextAt: Date?
  public let lastAt: Date?
  /// What the receiver answered: an HTTP status, or an SMTP reply's code.
  public let lastStatus: Int?
  public let lastError: String?
  public let createdAt: Date
}

/// A delivery whose time has come, with all that it takes.
public struct DueDelivery: Sendable, Equatable {
  public let delivery: Delivery
  /// The job as it was when it ended; nil for a ping.
  public let record: JobRecord?
  /// The owner's signing secret.
  public let secret: WebhookSecret?
}

/// What became of a try.
public struct DeliveryOutcome: Sendable, Equatable {
  public enum Verdict: Sendable, Equatable {
    case delivered
    case again(at: Date)
    case givenUp
  }

  public var verdict: Verdict
  public var status: Int?
  /// A sentence.
  public var error: String?

  public init(_ verdict: Verdict, status: Int? = nil, error: String? = nil) {
    (self.verdict, self.status, self.error) = (verdict, status, error)
  }
}

/// Which deliveries are wanted; what is nil excludes none.
public struct DeliveryFilter: Sendable, Equatable {
  public var owner: String?
  public var webhook: String?
  public var job: JobID?
  public var state: Delivery.State?

  public init(
    owner: String? = nil, webhook: String? = nil, job: JobID? = nil, state: Delivery.State? = nil
  ) { (self.owner, self.webhook, self.job, self.state) = (owner, webhook, job, state) }

  fileprivate var conditions: [(sql: String, value: String)] {
    [
      ("owner = ?", owner), ("webhook = ?", webhook), ("job = ?", job?.description), ("state = ?", state?.rawValue),
    ].compactMap { sql, value in value.map { (sql, $0) } }
  }
}

extension Catalog {
  /// Deliveries, newest first, at most `limit`.
  ///
  /// - Parameter number: only those that were made before this one.
  public func deliveries(
    _ filter: DeliveryFilter = DeliveryFilter(), limit: Int = 100, before number: Int64? = nil
  ) async throws(CatalogError) -> [Delivery] {
    let conditions = ["number < ?"] + filter.conditions.map(\.sql)
    let arguments = StatementArguments([number ?? .max]) + StatementArguments(filter.conditions.map(\.value))
    let sql = """
      SELECT * FROM deliveries WHERE \(conditions.joined(separator: " AND "))
      ORDER BY number DESC LIMIT \(max(0, limit))
      """
    return try await read { db in try Row.fetchAll(db, sql: sql, arguments: arguments).map { try Delivery($0) } }
  }

  /// How many deliveries wait, those that wait to be tried again among them.
  public func waitingDeliveries() async throws(CatalogError) -> Int {
    try await read { db in
      try Int.fetchOne(db, sql: "SELECT count(*) FROM deliveries WHERE state = 'waiting'") ?? 0
    }
  }

  /// Sends a delivery again, as soon as may be: it begins anew with its tries.
  ///
  /// - Parameter owner: only where it is this owner's.
  /// - Throws: `unknownDelivery`; `lostDelivery` where its webhook is gone.
  public func resend(_ number: Int64, of owner: String? = nil) async throws(CatalogError) {
    try await write { db in
      let row = try Row.fetchOne(
        db, sql: "SELECT * FROM deliveries WHERE number = :number AND (:owner IS NULL OR owner = :owner)",
        arguments: ["number": number, "owner": owner])
      guard let row else { throw CatalogError(.unknownDelivery, "There is no delivery \(number).") }
      if let webhook = row["webhook"] as String? {
        let isThere = try Bool.fetchOne(
          db, sql: "SELECT EXISTS (SELECT 1 FROM webhooks WHERE id = ? AND ended_at IS NULL)", arguments: [webhook])
        guard isThere == true else { throw CatalogError(.lostDelivery, "The webhook of this delivery is gone.") }
      }
      try db.execute(
        sql: "UPDATE deliveries SET state = 'waiting', tries = 0, next_at = ? WHERE number = ?",
        arguments: [Date.now.milliseconds, number])
    }
  }

  /// The deliveries whose time has come, the earliest in front: at most `limit`, and of each owner and to each place at
  /// most `share`, so that a thousand of one do not hide another's single one. All mails go to one place.
  ///
  /// - Parameter excluded: the numbers of those that are on their way.
  public func dueDeliveries(
    now: Date = .now, limit: Int, share: Int, except excluded: Set<Int64> = []
  ) async throws(CatalogError) -> [DueDelivery] {
    let sql = """
      SELECT deliveries.*, secret FROM (
        SELECT *, row_number() OVER (PARTITION BY owner ORDER BY next_at, number) AS turn, row_number() OVER
          (PARTITION BY iif(kind = 'mail', 'mail', target) ORDER BY next_at, number) AS place_turn
        FROM deliveries WHERE state = 'waiting' AND next_at <= ?
        AND number NOT IN (\(excluded.map(String.init).joined(separator: ", ")))
      ) AS deliveries LEFT JOIN notice_accounts USING (owner)
      WHERE turn <= \(share) AND place_turn <= \(share) ORDER BY next_at, number LIMIT \(limit)
      """
    return try await read { db in
      try Row.fetchAll(db, sql: sql, arguments: [now.milliseconds]).map { row in
        let record = try JobRow.fetchOne(
          db, sql: "SELECT \(NoticeSQL.jobColumns) FROM deliveries WHERE number = ? AND snapshot IS NOT NULL",
          arguments: [row["number"] as Int64])
        return DueDelivery(
          delivery: try Delivery(row), record: record?.job,
          secret: (row["secret"] as String?).map(WebhookSecret.init(stored:)))
      }
    }
  }

  /// Notes what became of a try. A delivery that somebody asked meanwhile to be sent again stays as that wants it.
  public func settle(
    _ delivery: Delivery, _ outcome: DeliveryOutcome, now: Date = .now
  ) async throws(CatalogError) {
    var (state, next) = (Delivery.State.waiting, now)
    switch outcome.verdict {
    case .delivered: state = .delivered
    case .givenUp: state = .givenUp
    case .again(let date): next = date
    }
    let arguments: StatementArguments = [
      "state": state.rawValue, "next": next.milliseconds, "now": now.milliseconds, "status": outcome.status,
      "error": outcome.error, "number": delivery.number, "tries": delivery.tries,
      "planned": delivery.nextAt?.milliseconds,
    ]
    try await write { db in
      try db.execute(
        sql: """
          UPDATE deliveries SET last_at = :now, last_status = :status, last_error = :error, state = :state,
          next_at = :next, tries = tries + 1
          WHERE number = :number AND state = 'waiting' AND tries = :tries AND next_at = :planned
          """,
        arguments: arguments)
    }
  }

  static func giveUpDeliveries(of webhook: String, because reason: String, in db: Database) throws {
    try db.execute(
      sql: "UPDATE deliveries SET state = 'given-up', last_error = ? WHERE webhook = ? AND state = 'waiting'",
      arguments: [reason, webhook])
  }
}

extension Delivery {
  fileprivate init(_ row: Row) throws {
    guard let kind = Kind(rawValue: row["kind"]), let state = State(rawValue: row["state"]) else {
      throw CatalogError(.unusable, "The log of deliveries is damaged.")
    }
    (self.kind, self.state) = (kind, state)
    (number, id, webhook, target) = (row["number"], row["id"], row["webhook"], row["target"])
    (owner, event, tries) = (row["owner"], row["event"], row["tries"])
    job = (row["job"] as String?).flatMap { JobID($0) }
    let next = Date(milliseconds: row["next_at"])
    nextAt = state == .waiting ? next : nil
    lastAt = (row["last_at"] as Int64?).map(Date.init(milliseconds:))
    (lastStatus, lastError) = (row["last_status"], row["last_error"])
    createdAt = Date(milliseconds: row["created_at"])
  }
}
