import Foundation
import GRDB
public import Tokens

/// What a signing key is for. One purpose's key signs nothing for another.
public enum KeyPurpose: String, Sendable, Hashable, CaseIterable {
  case access, sidecar, links
}

extension Catalog {
  /// The key for that purpose, made and stored where there is none. All processes get the same one.
  ///
  /// - Throws: `busy`, `unusable`.
  public func signingKey(for purpose: KeyPurpose) async throws(CatalogError) -> SigningKey {
    if let key = try await read({ db in try Self.key(for: purpose, in: db) }) { return key }
    return try await write { db in
      // Another process may have been faster since: a transaction that writes sees it.
      if let key = try Self.key(for: purpose, in: db) { return key }
      let key = SigningKey()
      try db.execute(
        sql: "INSERT INTO signing_keys (purpose, private_key, created_at) VALUES (?, ?, ?)",
        arguments: [purpose.rawValue, Data(key.rawRepresentation), Date.now.milliseconds])
      return key
    }
  }

  private static func key(for purpose: KeyPurpose, in db: Database) throws -> SigningKey? {
    let bytes = try Data.fetchOne(
      db, sql: "SELECT private_key FROM signing_keys WHERE purpose = ?", arguments: [purpose.rawValue])
    return try bytes.map { try SigningKey(rawRepresentation: Array($0)) }
  }
}
