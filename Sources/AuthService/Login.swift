public import Catalog
public import Tokens
public import WireFormats

/// Turns the credentials of an `Authorization: Basic` header into an access token.
public protocol Login: Sendable {
  /// - Parameters:
  ///   - authorization: the header's value, or nil where the request has none.
  ///   - client: where the request comes from.
  /// - Throws: `HTTPFailure`: 401 `missing credentials` or `invalid credentials`, 429 after too many wrong ones,
  ///   503 where nobody can tell.
  func token(for authorization: String?, from client: ClientAddress?) async throws -> String
}

/// Logs in against the users in this process's own database.
public struct LocalLogin: Login {
  private let catalog: Catalog
  private let signer: AccessTokenSigner

  public init(catalog: Catalog, signer: AccessTokenSigner) {
    self.catalog = catalog
    self.signer = signer
  }

  public func token(for authorization: String?, from client: ClientAddress?) async throws -> String {
    guard case .basic(let email, let password) = AuthorizationHeader(authorization) else {
      throw HTTPFailure.missingCredentials("Basic")
    }
    switch try await catalog.login(email: email, password: password) {
    // A change of the password while this one was being looked at ends this login too.
    case .accepted(let user, let since): return try await signer.sign(user, now: since)
    case .refused: throw HTTPFailure.invalidCredentials
    case .later(let pause): throw HTTPFailure.tooManyLogins("too many wrong passwords for this account", after: pause)
    }
  }
}
