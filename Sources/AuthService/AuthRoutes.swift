public import Hummingbird
public import Tokens
import WireFormats

/// The routes of the auth service: `POST /login`, `POST /validate`, the public keys, and a sign of life.
public struct AuthRoutes<Context: RequestContext>: Sendable {
  private let login: any Login
  private let verifier: AccessTokenVerifier
  private let publicKeys: KeySet

  /// - Parameter publicKeys: what other services check access tokens with; empty where a shared secret signs them.
  public init(login: any Login, verifier: AccessTokenVerifier, publicKeys: KeySet) {
    self.login = login
    self.verifier = verifier
    self.publicKeys = publicKeys
  }

  public func add(to router: Router<Context>) {
    router.post("login") { request, _ in
      Response.text(try await login.token(for: request.headers[.authorization]))
    }
    router.post("validate") { request, _ in try await validate(request) }
    // RFC 8615 gives the place; RFC 7517 the form.
    router.get(".well-known/jwks.json") { _, _ in
      Response.json(written: publicKeys.json, type: "application/jwk-set+json")
    }
    router.get("healthz") { _, _ in Response.text("ok") }
  }

  private func validate(_ request: Request) async throws -> Response {
    guard case .bearer(let token) = AuthorizationHeader(request.headers[.authorization]) else {
      throw HTTPFailure.missingCredentials("Bearer")
    }
    do { return .json(written: try await verifier.verify(token).claimsJSON()) } catch {
      throw HTTPFailure(.forbidden, "not authorized")
    }
  }
}
