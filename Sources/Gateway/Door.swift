import AuthService
import Hummingbird
public import Tokens
import WireFormats

/// Who may come in: every route but the signs of life asks here first.
public struct Door: Sendable {
  private let check: @Sendable (String) async throws(TokenError) -> AccessToken

  /// - Parameter check: accepts an access token or throws.
  public init(_ check: @escaping @Sendable (String) async throws(TokenError) -> AccessToken) { self.check = check }

  /// The caller, by the request's `Authorization: Bearer`.
  ///
  /// - Throws: 401 `missing credentials` without a token, 403 `not authorized: …` with one that is not accepted: the
  ///   statuses of the system that mp3spool replaces.
  func caller(_ request: Request) async throws -> AccessToken {
    guard case .bearer(let token) = AuthorizationHeader(request.headers[.authorization]) else {
      throw HTTPFailure.missingCredentials("Bearer")
    }
    do { return try await check(token) } catch {
      throw HTTPFailure(.forbidden, "not authorized: \(error)")
    }
  }

  /// The caller, who must be an admin.
  func admin(_ request: Request) async throws -> AccessToken {
    let caller = try await caller(request)
    guard caller.isAdmin else { throw HTTPFailure(.forbidden, "not authorized: only admins may upload") }
    return caller
  }
}
