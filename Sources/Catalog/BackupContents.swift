public import Foundation
import GRDB
import Tokens

/// What a backup holds.
public struct BackupContents: Sendable, Equatable, Codable {
  /// When it was made; nil where it is a database that was copied by other means.
  public let madeAt: Date?
  /// How many of the schema's steps it has.
  public let schema: Int
  public let users: Int
  public let apiTokens: Int
  public let webhooks: Int
  public let quotas: Int
  public let signingKeys: Int
  /// Of the index, which the spool can give anew.
  public let jobs: Int
}

extension BackupContents {
  /// Reads all of a database and counts what it holds.
  ///
  /// - Parameter subject: what is told to be wrong: the database, or what it is a copy of.
  init(checking db: Database, about subject: CatalogSubject) throws {
    try Schema.identify(db, about: subject)
    try Self.requireWhole(db, subject)
    func count(_ table: String) throws -> Int {
      // An older schema has fewer of them.
      try db.tableExists(table) ? Int.fetchOne(db, sql: "SELECT count(*) FROM \(table)") ?? 0 : 0
    }
    self.init(
      madeAt: try BackupNote.read(db), schema: try Schema.migrator.appliedIdentifiers(db).count,
      users: try count("users"), apiTokens: try count("api_tokens"), webhooks: try count("webhooks"),
      quotas: try count("quotas"), signingKeys: try Self.keyCount(db, subject), jobs: try count("jobs"))
  }

  /// sqlite.org/pragma.html: integrity_check says "ok", or what is wrong; it does not look at foreign keys.
  private static func requireWhole(_ db: Database, _ subject: CatalogSubject) throws {
    guard try !Schema.migrator.appliedIdentifiers(db).isEmpty else {
      throw subject.refused("is empty: it has none of mp3spool's tables.")
    }
    let complaint = try String.fetchOne(db, sql: "PRAGMA integrity_check(1)") ?? "nothing"
    guard complaint == "ok" else {
      throw subject.refused("is damaged: \(complaint.split(separator: "\n").last ?? "").")
    }
    if let orphan = try Row.fetchOne(db, sql: "PRAGMA foreign_key_check") {
      throw subject.refused(
        "is damaged: a row of \(orphan[0] as String) belongs to no row of \(orphan[2] as String).")
    }
  }

  private static func keyCount(_ db: Database, _ subject: CatalogSubject) throws -> Int {
    let keys = try Row.fetchAll(db, sql: "SELECT purpose, private_key FROM signing_keys")
    for key in keys where (try? SigningKey(rawRepresentation: Array(key["private_key"] as Data))) == nil {
      throw subject.refused("is damaged: its key '\(key["purpose"] as String)' is none.")
    }
    return keys.count
  }
}
