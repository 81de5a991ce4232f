public import Catalog
import HTTPTypes
public import Hummingbird

/// How people come in, at the gateway and at the auth service alike: `POST /login`, and `/tokens` where the users are.
public struct Entrance: Sendable {
  public let door: Door
  private let login: any Login
  private let tokens: Catalog?

  /// - Parameter tokens: where the API tokens are kept, if it is here.
  public init(login: any Login, door: Door, tokens: Catalog?) {
    self.login = login
    self.door = door
    self.tokens = tokens
  }

  public func add<Context: GuardedContext>(to router: Router<Context>) {
    router.post("login") { request, context in
      Response.text(try await login.token(for: request.headers[.authorization], from: context.clientAddress))
    }
    if let tokens { TokenRoutes<Context>(door: door, catalog: tokens).add(to: router) }
  }
}
