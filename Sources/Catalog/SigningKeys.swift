public import Foundation
import GRDB
public import Tokens

/// What a signing key is for. One purpose's key signs nothing for another.
public enum KeyPurpose: String, Sendable, Hashable, CaseIterable {
  case access, sidecar, links
}

/// What may be told of a key.
public struct StoredKey: Sendable {
  public let purpose: KeyPurpose
  /// The RFC 7638 thumbprint of its public half.
  public let id: String
  public let madeAt: Date
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

  /// The keys that there are, by their purposes' names.
  ///
  /// - Throws: `busy`, `unusable`.
  public func signingKeys() async throws(CatalogError) -> [StoredKey] {
    try await read { db in
      try Row.fetchAll(db, sql: "SELECT purpose, private_key, created_at FROM signing_keys ORDER BY purpose")
        .compactMap { row in
          guard let purpose = KeyPurpose(rawValue: row[0]) else { return nil }
          let key = try SigningKey(rawRepresentation: Array(row[1] as Data))
          return StoredKey(purpose: purpose, id: key.keyID, madeAt: Date(milliseconds: row[2]))
        }
    }
  }

  /// Puts new keys in the place of those for these purposes. What the old ones signed is not accepted any more, but for
  /// sidecars, whose public keys stay in the spool. Processes go by the keys that they have read.
  ///
  /// - Throws: `busy`, `unusable`.
  public func replaceSigningKeys(for purposes: Set<KeyPurpose>) async throws(CatalogError) {
    try await write { db in
      for purpose in purposes {
        try db.execute(
          sql: "INSERT OR REPLACE INTO signing_keys (purpose, private_key, created_at) VALUES (?, ?, ?)",
          arguments: [purpose.rawValue, Data(SigningKey().rawRepresentation), Date.now.milliseconds])
      }
    }
  }

  private static func key(for purpose: KeyPurpose, in db: Database) throws -> SigningKey? {
    let bytes = try Data.fetchOne(
      db, sql: "SELECT private_key FROM signing_keys WHERE purpose = ?", arguments: [purpose.rawValue])
    return try bytes.map { try SigningKey(rawRepresentation: Array($0)) }
  }
}
