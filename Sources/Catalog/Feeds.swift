import Foundation
import GRDB
public import Tokens

extension Catalog {
  /// Gives `owner` a feed, in the place of an earlier one. Only a digest of its secret is kept.
  public func setFeed(_ secret: FeedSecret, of owner: String) async throws(CatalogError) {
    try await write { db in
      try db.execute(
        sql: "INSERT OR REPLACE INTO feeds (owner, digest, created_at) VALUES (?, ?, ?)",
        arguments: [owner, Data(secret.digest), Date.now.milliseconds])
    }
  }

  /// Ends a feed. One that is not there is no failure.
  public func removeFeed(of owner: String) async throws(CatalogError) {
    try await write { db in try db.execute(sql: "DELETE FROM feeds WHERE owner = ?", arguments: [owner]) }
  }

  /// Whose feed it is; nil where it is nobody's, or its owner's account is disabled. An owner without an account here, as
  /// where another service has the accounts, is not disabled.
  public func owner(of secret: FeedSecret) async throws(CatalogError) -> String? {
    try await read { db in
      try String.fetchOne(
        db,
        sql: """
          SELECT owner FROM feeds WHERE digest = ?
          AND NOT EXISTS (SELECT 1 FROM users WHERE users.email = feeds.owner AND users.is_disabled)
          """,
        arguments: [Data(secret.digest)])
    }
  }
}
