public import Catalog
import HTTPTypes
public import Hummingbird
import WebServer

/// How people come in, at the gateway and at the auth service alike: `POST /login`, and `/tokens` where the users are.
public struct Entrance: Sendable {
  public let door: Door
  private let login: any Login
  private let rate: LoginRate
  private let tokens: Catalog?

  /// - Parameters:
  ///   - rate: how often one client may try to log in.
  ///   - tokens: where the API tokens are kept, if it is here.
  public init(login: any Login, rate: LoginRate, door: Door, tokens: Catalog?) {
    self.login = login
    self.rate = rate
    self.door = door
    self.tokens = tokens
  }

  public func add<Context: GuardedContext>(to router: Router<Context>) {
    router.post("login") { request, context in
      let authorization = request.headers[.authorization]
      // Whoever brings no password has not tried one.
      if authorization != nil { try rate.admit(context.clientAddress) }
      return Response.text(try await login.token(for: authorization, from: context.clientAddress))
    }
    if let tokens { TokenRoutes<Context>(door: door, catalog: tokens).add(to: router) }
  }
}
