public import Foundation
import GRDB
public import Tokens

/// Somebody who can log in.
public struct User: Sendable, Equatable, Identifiable, Codable {
  /// No other user ever gets it.
  public let id: Int64
  /// As it was written when the user was added.
  public let email: String
  public let isAdmin: Bool
  /// A disabled user cannot log in.
  public let isDisabled: Bool
  public let createdAt: Date
  public let passwordChangedAt: Date
}

extension Catalog {
  /// Adds a user.
  ///
  /// - Parameters:
  ///   - email: 1 to 254 bytes without colons, white space and control characters. Emails that differ only in capital
  ///     and small letters are the same.
  ///   - password: at least 8 characters, at most 1024 bytes.
  /// - Throws: `duplicateUser`, `invalid`, `busy`, `unusable`.
  public func addUser(email: String, password: String, isAdmin: Bool) async throws(CatalogError) -> User {
    let email = try Email(email)
    let hash = try await passwords.hash(try Password(choosing: password))
    return try await write { db in
      let row = try Row.fetchOne(
        db,
        sql: """
          INSERT INTO users (email, email_key, password, is_admin, created_at, password_changed_at)
          VALUES (:email, :key, :password, :admin, :now, :now) ON CONFLICT (email_key) DO NOTHING RETURNING *
          """,
        arguments: [
          "email": email.text, "key": email.key, "password": hash.text, "admin": isAdmin, "now": Date.now.milliseconds,
        ])
      guard let row else { throw CatalogError(.duplicateUser, "There is a user \(email.text) already.") }
      return User(row)
    }
  }

  /// Gives a user another password, under the same rules.
  ///
  /// - Throws: `unknownUser`, `invalid`, `busy`, `unusable`.
  public func setPassword(email: String, password: String) async throws(CatalogError) {
    let hash = try await passwords.hash(try Password(choosing: password))
    try await update(email, "password = ?, password_changed_at = ?", [hash.text, Date.now.milliseconds])
  }

  /// Says whether a user may log in from now on, and whether the tokens that the user has are accepted.
  ///
  /// - Throws: `unknownUser`, `busy`, `unusable`.
  public func setDisabled(email: String, _ isDisabled: Bool) async throws(CatalogError) {
    try await update(email, "is_disabled = ?", [isDisabled])
  }

  /// All users, in the order of their emails.
  public func users() async throws(CatalogError) -> [User] {
    try await read { db in try Row.fetchAll(db, sql: "SELECT * FROM users ORDER BY email_key").map(User.init) }
  }

  /// The user of that email; nil where there is none.
  public func user(email: String) async throws(CatalogError) -> User? { try await account(email: email)?.user }

  /// The user of that id; nil where there is none.
  public func user(id: Int64) async throws(CatalogError) -> User? {
    // Asked at every request.
    try await read { db in
      let statement = try db.cachedStatement(sql: "SELECT * FROM users WHERE id = ?")
      return try Row.fetchOne(statement, arguments: [id]).map(User.init)
    }
  }

  /// Emails that own jobs and belong to no user, with the number of their jobs. Owners that are no emails, such as that of
  /// the folder, cannot log in anyway.
  public func ownersWithoutAccount() async throws(CatalogError) -> [(owner: String, jobs: Int)] {
    try await read { db in
      let known = try Set(String.fetchAll(db, sql: "SELECT email_key FROM users"))
      let rows = try Row.fetchAll(
        db, sql: "SELECT owner, count(*) AS jobs FROM jobs WHERE instr(owner, '@') > 1 GROUP BY owner ORDER BY owner")
      return rows.map { (owner: $0["owner"] as String, jobs: $0["jobs"] as Int) }
        .filter { owner, _ in (try? Email(owner).key).map { !known.contains($0) } ?? false }
    }
  }

  /// Whether there is any user, disabled ones included.
  public func hasUsers() async throws(CatalogError) -> Bool {
    try await read { db in try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM users)") ?? false }
  }

  /// The user whose email and password these are; nil where the email is unknown, the password wrong or the user
  /// disabled, each after the same work, so that the time does not tell which.
  ///
  /// A password whose stored hash is cheaper than the catalog's cost gets a new hash.
  ///
  /// - Throws: `busy` where too many log in at once; `unusable`.
  public func authenticate(email: String, password: String) async throws(CatalogError) -> User? {
    guard let password = Password(offering: password) else { return nil }
    let account = try await account(email: email)
    let answer = try await passwords.check(password, against: account?.hash)
    guard let account, answer != .wrong, !account.user.isDisabled else { return nil }
    if case .rightButWeak(let hash) = answer { try await replace(account, with: hash) }
    return account.user
  }

  private func account(email: String) async throws(CatalogError) -> Account? {
    guard let email = try? Email(email) else { return nil }
    return try await read { db in
      try Row.fetchOne(db, sql: "SELECT * FROM users WHERE email_key = ?", arguments: [email.key]).map(Account.init)
    }
  }

  private func update(
    _ email: String, _ assignments: String, _ values: StatementArguments
  ) async throws(CatalogError) {
    let key = try? Email(email).key
    let count = try await write { db in
      try db.execute(sql: "UPDATE users SET \(assignments) WHERE email_key = ?", arguments: values + [key])
      return db.changesCount
    }
    guard count == 1 else { throw CatalogError(.unknownUser, "There is no user \(email).") }
  }

  /// Stores a better hash of the same password, unless the password was changed meanwhile.
  private func replace(_ account: Account, with hash: PasswordHash) async throws(CatalogError) {
    try await write { db in
      try db.execute(
        sql: "UPDATE users SET password = ? WHERE id = ? AND password = ?",
        arguments: [hash.text, account.user.id, account.password])
    }
  }
}

/// A user with the stored hash of the password.
private struct Account: Sendable {
  let user: User
  let password: String

  init(_ row: Row) {
    user = User(row)
    password = row["password"]
  }

  /// nil where the stored text is damaged: no password fits then.
  var hash: PasswordHash? { PasswordHash(password) }
}

extension User {
  init(_ row: Row) {
    self.init(
      id: row["id"], email: row["email"], isAdmin: row["is_admin"], isDisabled: row["is_disabled"],
      createdAt: Date(milliseconds: row["created_at"]),
      passwordChangedAt: Date(milliseconds: row["password_changed_at"]))
  }
}

extension User {
  /// Access tokens give the time of their issue in whole seconds. Those of the second in which the password was changed
  /// are older than the change, since ``AccessTokenSigner/sign(_:now:)`` dates newer ones behind it.
  public var firstTokenTime: Date {
    Date(timeIntervalSince1970: passwordChangedAt.timeIntervalSince1970.rounded(.down) + 1)
  }
}

extension AccessTokenSigner {
  /// A new token for a user. Right after a change of the password it is dated up to a second ahead, for that is how it
  /// is told from those that were issued before.
  public func sign(_ user: User, now: Date = .now) async throws(TokenError) -> String {
    try await sign(
      user: String(user.id), username: user.email, isAdmin: user.isAdmin, now: max(now, user.firstTokenTime))
  }
}
