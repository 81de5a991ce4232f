public import Hummingbird
public import Tokens

/// The routes of the auth service: `POST /login`, `POST /validate`, `/tokens`, `/users`, the public keys, and a sign of life.
/// Nothing can be added to a router behind them.
public struct AuthRoutes<Context: GuardedContext>: Sendable {
  private let entrance: Entrance
  private let publicKeys: KeySet

  /// - Parameter publicKeys: what other services check access tokens with; empty where a shared secret signs them.
  public init(entrance: Entrance, publicKeys: KeySet) {
    self.entrance = entrance
    self.publicKeys = publicKeys
  }

  public func add(to router: Router<Context>) {
    entrance.add(to: router)
    router.post("validate") { request, context in try await validate(request, context) }
    // RFC 8615 gives the place; RFC 7517 the form.
    router.get(".well-known/jwks.json") { _, _ in
      Response.json(written: publicKeys.json, type: "application/jwk-set+json")
    }
    router.get("healthz") { _, _ in Response.text("ok") }
    router.add(middleware: UnroutedMiddleware(router.routes))
  }

  private func validate(_ request: Request, _ context: Context) async throws -> Response {
    do { return .json(try await entrance.door.caller(request)) } catch let failure as HTTPFailure {
      // Why, is the gateway's to tell, which asks on behalf of somebody: here it stays the older system's sentence.
      throw failure.status == .forbidden ? HTTPFailure(.forbidden, "not authorized") : failure
    }
  }
}
