import Foundation
import GRDB

/// What is to become of a user; nil: it stays as it is.
public struct UserChange: Sendable, Equatable {
  public var isDisabled: Bool?
  public var isAdmin: Bool?
  /// Under the rules of ``Catalog/addUser(email:password:isAdmin:)``; it ends the tokens of logins that there are.
  public var password: String?
  public var bytes: QuotaRule?
  public var minutes: QuotaRule?
  public var waiting: QuotaRule?

  public init() {}

  public var changesQuota: Bool { bytes != nil || minutes != nil || waiting != nil }
}

extension Catalog {
  /// Changes a user, in all that is wanted or in nothing.
  ///
  /// - Returns: the user as it is then.
  /// - Throws: `unknownUser`, `invalid`, `busy`, `unusable`.
  public func changeUser(id: Int64, _ change: UserChange) async throws(CatalogError) -> User {
    var hash: PasswordHash?
    if let password = change.password { hash = try await passwords.hash(try Password(choosing: password)) }
    return try await write { [hash] db in
      let row = try Row.fetchOne(
        db,
        sql: """
          UPDATE users SET is_disabled = coalesce(:disabled, is_disabled), is_admin = coalesce(:admin, is_admin),
            password = coalesce(:password, password),
            password_changed_at = iif(:password IS NULL, password_changed_at, :now)
          WHERE id = :id RETURNING *
          """,
        arguments: [
          "disabled": change.isDisabled, "admin": change.isAdmin, "password": hash?.text, "now": Date.now.milliseconds,
          "id": id,
        ])
      guard let row else { throw CatalogError(.unknownUser, "There is no user with the id \(id).") }
      if change.changesQuota {
        let key = row["email_key"] as String
        var rules = try QuotaRules.stored(for: key, in: db)
        rules.bytes = change.bytes ?? rules.bytes
        rules.minutes = change.minutes ?? rules.minutes
        rules.waiting = change.waiting ?? rules.waiting
        try rules.store(for: key, in: db)
      }
      return User(row)
    }
  }
}
