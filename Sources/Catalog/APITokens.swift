public import Foundation
import GRDB
public import Tokens

/// What is known of an API token: all but the token itself, which only its owner has.
public struct APIToken: Sendable, Equatable, Identifiable {
  public let id: String
  public let userID: Int64
  /// What its owner calls it.
  public let name: String
  public let scopes: Set<Scope>
  public let createdAt: Date
  /// nil: it does not expire.
  public let expiresAt: Date?
  /// To the minute; nil: never.
  public let lastUsedAt: Date?

  /// How many a user may have, and how long one's name may be.
  public static let countLimit = 100
  public static let nameLimit = 100
  /// Ten years.
  public static let daysLimit = 3650
}

/// An API token with its user, by email.
public struct OwnedToken: Sendable, Equatable {
  public let token: APIToken
  public let user: String

  public init(token: APIToken, user: String) {
    self.token = token
    self.user = user
  }
}

extension Catalog {
  /// Adds an API token for a user.
  ///
  /// - Parameter days: so long it is valid; nil: until it is revoked.
  /// - Returns: what is stored of it, and the token, which is not stored and can be shown only now.
  /// - Throws: `unknownUser`, `invalid`, `tooManyTokens`, `busy`, `unusable`.
  public func addToken(
    for email: String, name: String, scopes: Set<Scope>, days: Int? = nil, now: Date = .now
  ) async throws(CatalogError) -> (token: APIToken, secret: APITokenSecret) {
    try APIToken.check(name: name, scopes: scopes, days: days)
    guard let user = try await user(email: email) else {
      throw CatalogError(.unknownUser, "There is no user \(email).")
    }
    let secret = APITokenSecret()
    let expiry = days.map { now.addingTimeInterval(Double($0) * 86_400) }
    let token = try await write { db in
      let count = try Int.fetchOne(db, sql: "SELECT count(*) FROM api_tokens WHERE user_id = ?", arguments: [user.id])
      guard count ?? 0 < APIToken.countLimit else {
        throw CatalogError(
          .tooManyTokens, "\(email) has \(APIToken.countLimit) API tokens already. Revoke those that nobody uses.")
      }
      let row = try Row.fetchOne(
        db,
        sql: """
          INSERT INTO api_tokens (id, user_id, name, digest, scopes, created_at, expires_at)
          VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING *
          """,
        arguments: [
          secret.id, user.id, name, Data(secret.digest), scopes.sorted().map(\.rawValue).joined(separator: ","),
          now.milliseconds, expiry?.milliseconds,
        ])
      guard let row else { throw CatalogError(.unusable, "The API token was not stored.") }
      return APIToken(row)
    }
    return (token, secret)
  }

  /// API tokens, oldest first: one user's, or everybody's.
  public func tokens(of email: String? = nil) async throws(CatalogError) -> [OwnedToken] {
    let key = try email.map { text throws(CatalogError) in try Email(text).key }
    return try await read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT api_tokens.*, users.email FROM api_tokens JOIN users ON users.id = user_id
          WHERE :key IS NULL OR email_key = :key ORDER BY email_key, api_tokens.created_at, api_tokens.id
          """,
        arguments: ["key": key]
      ).map { OwnedToken(token: APIToken($0), user: $0["email"]) }
    }
  }

  /// The API token with its user; nil where nobody has it. Whether it has expired, and what the user may, is the caller's
  /// to look at.
  public func token(_ secret: APITokenSecret) async throws(CatalogError) -> (token: APIToken, user: User)? {
    try await read { db in
      let row = try Row.fetchOne(
        db, sql: "SELECT * FROM api_tokens WHERE digest = ?", arguments: [Data(secret.digest)])
      guard let token = row.map(APIToken.init),
        let user = try Row.fetchOne(db, sql: "SELECT * FROM users WHERE id = ?", arguments: [token.userID])
      else { return nil }
      return (token, User(user))
    }
  }

  /// Ends an API token at once.
  ///
  /// - Parameter userID: only where it is this user's.
  /// - Throws: `unknownToken`, `busy`, `unusable`.
  public func revokeToken(_ id: String, of userID: Int64? = nil) async throws(CatalogError) {
    let count = try await write { db in
      try db.execute(
        sql: "DELETE FROM api_tokens WHERE id = :id AND (:user IS NULL OR user_id = :user)",
        arguments: ["id": id, "user": userID])
      return db.changesCount
    }
    guard count == 1 else { throw CatalogError(.unknownToken, "There is no API token \(id).") }
  }

  /// Ends all API tokens of a user at once.
  ///
  /// - Returns: how many there were.
  /// - Throws: `unknownUser`, `busy`, `unusable`.
  public func revokeTokens(of email: String) async throws(CatalogError) -> Int {
    guard let user = try await user(email: email) else {
      throw CatalogError(.unknownUser, "There is no user \(email).")
    }
    return try await write { db in
      try db.execute(sql: "DELETE FROM api_tokens WHERE user_id = ?", arguments: [user.id])
      return db.changesCount
    }
  }

  /// Notes that an API token is in use, at most once a minute, so that it costs next to nothing.
  public func noteUse(of token: APIToken, at now: Date = .now) async throws(CatalogError) {
    let minute = TimeInterval(60)
    if let last = token.lastUsedAt, abs(now.timeIntervalSince(last)) < minute { return }
    try await write { db in
      // Of many requests at once the first one notes it, and for the others there is nothing to be written.
      try db.execute(
        sql: """
          UPDATE api_tokens SET last_used_at = :now
          WHERE id = :id AND (last_used_at IS NULL OR abs(:now - last_used_at) >= 60000)
          """,
        arguments: ["now": now.milliseconds, "id": token.id])
    }
  }
}

extension APIToken {
  init(_ row: Row) {
    id = row["id"]
    userID = row["user_id"]
    name = row["name"]
    // A name that a newer version knows allows nothing here.
    scopes = Set((row["scopes"] as String).split(separator: ",").compactMap { Scope(rawValue: String($0)) })
    createdAt = Date(milliseconds: row["created_at"])
    expiresAt = (row["expires_at"] as Int64?).map(Date.init(milliseconds:))
    lastUsedAt = (row["last_used_at"] as Int64?).map(Date.init(milliseconds:))
  }

  static func check(name: String, scopes: Set<Scope>, days: Int?) throws(CatalogError) {
    let isSeen = name.unicodeScalars.allSatisfy { ![.control, .format].contains($0.properties.generalCategory) }
    guard (1...nameLimit).contains(name.count), name.utf8.count <= 4 * nameLimit, isSeen else {
      throw CatalogError(.invalid, "An API token needs a name of 1 to \(nameLimit) characters that can be seen.")
    }
    guard !scopes.isEmpty else {
      let names = Scope.allCases.map(\.rawValue).joined(separator: ", ")
      throw CatalogError(.invalid, "An API token needs a scope; the scopes are \(names).")
    }
    guard days.map({ (1...daysLimit).contains($0) }) ?? true else {
      throw CatalogError(.invalid, "The days of an API token must be a number from 1 to \(daysLimit).")
    }
  }
}
