public import Foundation
import GRDB
public import Spool
public import Tokens

extension Catalog {
  /// Gives an owner a signing secret for webhooks, in the place of an earlier one: from here on all are signed with it.
  public func renewWebhookSecret(of owner: String) async throws(CatalogError) -> WebhookSecret {
    let secret = WebhookSecret()
    try await write { db in try Self.store(secret, of: owner, in: db) }
    return secret
  }

  /// Whether the owner has a signing secret, without which no receiver could know whom a webhook is from.
  public func hasWebhookSecret(_ owner: String) async throws(CatalogError) -> Bool {
    try await read { db in try Self.noticeSecret(of: owner, in: db) != nil }
  }

  static func noticeSecret(of owner: String, in db: Database) throws -> String? {
    try String.fetchOne(db, sql: "SELECT secret FROM notice_accounts WHERE owner = ?", arguments: [owner])
  }

  static func store(_ secret: WebhookSecret, of owner: String, in db: Database) throws {
    try db.execute(
      sql: """
        INSERT INTO notice_accounts (owner, secret) VALUES (?, ?) ON CONFLICT (owner) DO UPDATE SET secret = excluded.secret
        """,
      arguments: [owner, secret.text])
  }

  /// Whether the owner wants a mail at the end of each job.
  public func wantsMail(_ owner: String) async throws(CatalogError) -> Bool {
    try await read { db in
      try Bool.fetchOne(db, sql: "SELECT mail FROM notice_accounts WHERE owner = ?", arguments: [owner]) ?? false
    }
  }

  public func setWantsMail(_ owner: String, _ wantsMail: Bool) async throws(CatalogError) {
    try await write { db in
      try db.execute(
        sql:
          "INSERT INTO notice_accounts (owner, mail) VALUES (?, ?) ON CONFLICT (owner) DO UPDATE SET mail = excluded.mail",
        arguments: [owner, wantsMail])
    }
  }

  /// Notes who else is to be told of a job's end; of one that has ended already they are told now.
  ///
  /// Of an upload it is noted before its job can be seen, so that no converter is faster than the wish. Noted again, as
  /// after a crash, it changes nothing for a job that has not ended.
  public func note(_ wish: NoticeWish, for job: JobID) async throws(CatalogError) {
    guard !wish.isEmpty else { return }
    try await write { db in
      try db.execute(
        sql: """
          INSERT INTO notice_wishes (job, url, mail, created_at) VALUES (?, ?, ?, ?)
          ON CONFLICT (job, url) DO UPDATE SET mail = coalesce(excluded.mail, mail)
          """,
        arguments: [job.description, wish.webhook ?? "", wish.mail, Date.now.milliseconds])
      if let url = wish.webhook {
        try db.execute(
          sql: NoticeSQL.tellOne(kind: "webhook", target: ":url"), arguments: ["job": job.description, "url": url])
      }
      if wish.mail == true {
        try db.execute(
          sql: NoticeSQL.tellOne(kind: "mail", target: "owner"), arguments: ["job": job.description])
      }
    }
  }

  /// The log goes back a month; what is remembered of jobs that are gone, likewise.
  private static let memory = TimeInterval(30 * 86_400)

  /// Forgets old deliveries, and what was remembered for jobs that are gone.
  public func forgetNotices(now: Date = .now) async throws(CatalogError) {
    let since = now.addingTimeInterval(-Self.memory).milliseconds
    try await write { db in
      try db.execute(
        sql: "DELETE FROM deliveries WHERE created_at < ? AND state <> 'waiting'", arguments: [since])
      try db.execute(
        sql: "DELETE FROM notice_wishes WHERE created_at < ? AND job NOT IN (SELECT id FROM jobs)", arguments: [since])
      try db.execute(
        sql: "DELETE FROM ended_jobs WHERE seen_at < ? AND job NOT IN (SELECT id FROM jobs)", arguments: [since])
    }
  }
}
