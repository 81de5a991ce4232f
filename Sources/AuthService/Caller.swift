public import Catalog
import Foundation
public import Tokens

/// Who sends a request, and what the token lets them do.
///
/// Its JSON is the token's claims, as `POST /validate` tells them: those of a login are exactly the access token's; an API
/// token's have its `scopes` beside.
public struct Caller: Sendable, Equatable, Codable {
  /// The user's email.
  public let username: String
  /// An admin who may act as one: sees others' jobs and tokens.
  public let isAdmin: Bool
  /// The user's id, which no other user ever gets.
  public let subject: String
  /// The token's own name: an access token's `jti`, an API token's id.
  public let tokenID: String
  private let issuedAt: Int64
  private let expiresAt: Int64?
  private let issuer: String?
  private let audience: String?
  /// An API token's; nil: a login, which has all scopes that its user has.
  private let tokenScopes: [Scope]?
  private let isAdminsToken: Bool?

  private enum CodingKeys: String, CodingKey {
    case username
    case isAdmin = "admin"
    case subject = "sub"
    case tokenID = "jti"
    case issuedAt = "iat"
    case expiresAt = "exp"
    case issuer = "iss"
    case audience = "aud"
    case tokenScopes = "scopes"
    case isAdminsToken = "admins_token"
  }

  /// Somebody who logged in, and is `user` now.
  public init(_ token: AccessToken, user: User) {
    username = token.username
    isAdmin = token.isAdmin && user.isAdmin
    subject = token.subject
    tokenID = token.id
    issuedAt = Int64(token.issuedAt.timeIntervalSince1970)
    expiresAt = Int64(token.expiresAt.timeIntervalSince1970)
    issuer = token.issuer
    audience = token.audience
    (tokenScopes, isAdminsToken) = (nil, nil)
  }

  /// Somebody with an API token of this user's.
  public init(_ token: APIToken, user: User) {
    username = user.email
    isAdmin = user.isAdmin && token.scopes.contains(.admin)
    subject = String(user.id)
    tokenID = token.id
    issuedAt = Int64(token.createdAt.timeIntervalSince1970)
    expiresAt = token.expiresAt.map { Int64($0.timeIntervalSince1970) }
    (issuer, audience) = (nil, nil)
    tokenScopes = token.scopes.sorted()
    isAdminsToken = user.isAdmin
  }

  /// The user is an admin, whatever the token allows.
  public var isAdminUser: Bool { isAdminsToken ?? isAdmin }

  public var isLogin: Bool { tokenScopes == nil }

  /// What the token allows now. `admin` is of no use to somebody who is no admin, or no longer.
  public var scopes: Set<Scope> {
    let allowed = Set(tokenScopes ?? Scope.allCases)
    return isAdminUser ? allowed : allowed.subtracting([.admin])
  }
}
