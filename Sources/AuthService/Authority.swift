public import Catalog
import Foundation
public import Tokens

/// Whoever knows which tokens are accepted: the users' own database, or another service that has it.
public protocol Authority: Sendable {
  /// The caller who holds this token, an access token or an API token, as things are now.
  ///
  /// - Throws: `TokenError` with the reason where it is not accepted; any other error where nobody can tell.
  func caller(bearing token: String) async throws -> Caller
}

/// Checks tokens, and the state of their users, in this process's own database: what `mp3spool user disable` or a new
/// password ends is ended for the next request.
public struct LocalAuthority: Authority {
  private let catalog: Catalog
  private let verifier: AccessTokenVerifier

  public init(catalog: Catalog, verifier: AccessTokenVerifier) {
    self.catalog = catalog
    self.verifier = verifier
  }

  public func caller(bearing token: String) async throws -> Caller {
    token.hasPrefix(APITokenSecret.prefix)
      ? try await holder(of: try APITokenSecret(token)) : try await user(of: try await verifier.verify(token))
  }

  private func user(of token: AccessToken) async throws -> Caller {
    let user = try open(try await Int64(token.subject).asyncFlatMap(catalog.user(id:)))
    guard token.issuedAt >= user.firstTokenTime else {
      throw TokenError(.superseded, "The password was changed since. Log in again.")
    }
    return Caller(token, user: user)
  }

  private func holder(of secret: APITokenSecret) async throws -> Caller {
    guard let (token, user) = try await catalog.token(secret) else {
      throw TokenError(.unknownToken, "There is no such API token, or it was revoked.")
    }
    if let expiry = token.expiresAt, expiry <= Date() {
      throw TokenError(.expired, "The API token has expired.")
    }
    let caller = Caller(token, user: try open(user))
    // It is for people who look for tokens that nobody uses: a database that is busy must not cost a request.
    try? await catalog.noteUse(of: token)
    return caller
  }

  private func open(_ user: User?) throws(TokenError) -> User {
    guard let user, !user.isDisabled else { throw TokenError(.accountClosed, "The account is disabled.") }
    return user
  }
}

extension Optional {
  fileprivate func asyncFlatMap<Value>(_ body: (Wrapped) async throws -> Value?) async rethrows -> Value? {
    switch self {
    case .some(let wrapped): try await body(wrapped)
    case .none: nil
    }
  }
}
