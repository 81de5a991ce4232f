public import Foundation
import GRDB
public import Tokens

/// A URL that is told of the ends of all of its owner's jobs.
public struct Webhook: Sendable, Equatable, Identifiable {
  public let id: String
  public let owner: String
  public let url: String
  public let createdAt: Date
  /// When its receiver said that it wants to hear no more; nil: it is told.
  public let endedAt: Date?

  /// How many an owner may have.
  public static let countLimit = 20
}

extension Catalog {
  /// Adds a webhook, or wakes the one of that URL whose receiver had ended it. Whether anything may be sent to the URL
  /// is the caller's to look at.
  ///
  /// - Returns: what is stored of it, and the owner's signing secret where it was made just now: it can be shown only now.
  /// - Throws: `surplusWebhook`, `busy`, `unusable`.
  public func addWebhook(
    _ url: String, of owner: String
  ) async throws(CatalogError) -> (webhook: Webhook, secret: WebhookSecret?) {
    let secret = WebhookSecret()
    return try await write { db in
      let (count, isThere) = try Self.standing(of: url, owner, in: db)
      guard !isThere else { throw CatalogError(.surplusWebhook, "There is a webhook of this URL already.") }
      guard count < Webhook.countLimit else {
        throw CatalogError(
          .surplusWebhook, "\(owner) has \(Webhook.countLimit) webhooks already. Remove those that nobody needs.")
      }
      let row = try Row.fetchOne(
        db,
        sql: """
          INSERT INTO webhooks (id, owner, url, created_at) VALUES (lower(hex(randomblob(8))), ?, ?, ?)
          ON CONFLICT (owner, url) DO UPDATE SET ended_at = NULL RETURNING *
          """,
        arguments: [owner, url, Date.now.milliseconds])
      guard let row else { throw CatalogError(.unusable, "The webhook was not stored.") }
      let isNew = try Self.noticeSecret(of: owner, in: db) == nil
      if isNew { try Self.store(secret, of: owner, in: db) }
      return (Webhook(row), isNew ? secret : nil)
    }
  }

  private static func standing(
    of url: String, _ owner: String, in db: Database
  ) throws -> (count: Int, isThere: Bool) {
    let urls = try String.fetchAll(
      db, sql: "SELECT url FROM webhooks WHERE owner = ? AND ended_at IS NULL", arguments: [owner])
    return (urls.count, urls.contains(url))
  }

  /// Webhooks, oldest first: one owner's, or everybody's.
  public func webhooks(of owner: String? = nil) async throws(CatalogError) -> [Webhook] {
    try await read { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM webhooks WHERE :owner IS NULL OR owner = :owner ORDER BY owner, created_at, id",
        arguments: ["owner": owner]
      ).map(Webhook.init)
    }
  }

  /// Removes a webhook; what was to be told to it is given up.
  ///
  /// - Parameter owner: only where it is this owner's.
  /// - Throws: `unknownWebhook`, `busy`, `unusable`.
  public func removeWebhook(_ id: String, of owner: String? = nil) async throws(CatalogError) {
    try await write { db in
      try db.execute(
        sql: "DELETE FROM webhooks WHERE id = :id AND (:owner IS NULL OR owner = :owner)",
        arguments: ["id": id, "owner": owner])
      guard db.changesCount == 1 else { throw CatalogError(.unknownWebhook, "There is no webhook \(id).") }
      try Self.giveUpDeliveries(of: id, because: "the webhook was removed", in: db)
    }
  }

  /// The receiver wants to hear no more (410 Gone): nothing is sent to it from now on.
  public func endWebhook(_ id: String) async throws(CatalogError) {
    try await write { db in
      try db.execute(
        sql: "UPDATE webhooks SET ended_at = ? WHERE id = ?", arguments: [Date.now.milliseconds, id])
      try Self.giveUpDeliveries(of: id, because: "the receiver ended the webhook (410)", in: db)
    }
  }

  /// Puts a delivery without a job into the log, so that its receiver can be tried out.
  ///
  /// - Returns: its number.
  /// - Throws: `unknownWebhook`, `busy`, `unusable`.
  public func ping(_ id: String, of owner: String? = nil) async throws(CatalogError) -> Int64 {
    try await write { db in
      try db.execute(
        sql: """
          INSERT INTO deliveries (id, kind, webhook, target, owner, event, next_at, created_at)
          SELECT \(NoticeSQL.newID), 'webhook', id, url, owner, 'ping', :now, :now FROM webhooks
          WHERE id = :id AND ended_at IS NULL AND (:owner IS NULL OR owner = :owner)
          """,
        arguments: ["id": id, "owner": owner, "now": Date.now.milliseconds])
      guard db.changesCount == 1 else { throw CatalogError(.unknownWebhook, "There is no webhook \(id).") }
      return db.lastInsertedRowID
    }
  }
}

extension Webhook {
  fileprivate init(_ row: Row) {
    (id, owner, url) = (row["id"], row["owner"], row["url"])
    createdAt = Date(milliseconds: row["created_at"])
    endedAt = (row["ended_at"] as Int64?).map(Date.init(milliseconds:))
  }
}
