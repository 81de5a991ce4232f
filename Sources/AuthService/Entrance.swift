public import Catalog
import HTTPTypes
public import Hummingbird
import WebServer

/// How people come in, at the gateway and at the auth service alike: `POST /login`, and `/tokens`.
public struct Entrance: Sendable {
  public let door: Door
  public let audit: AuditLog
  private let login: any Login
  private let rate: LoginRate
  private let tokens: TokenPlace

  /// - Parameters:
  ///   - rate: how often one client may try to log in.
  ///   - tokens: where the API tokens are kept.
  public init(login: any Login, rate: LoginRate, door: Door, tokens: TokenPlace, audit: AuditLog) {
    self.login = login
    self.rate = rate
    self.door = door
    self.tokens = tokens
    self.audit = audit
  }

  public func add<Context: GuardedContext>(to router: Router<Context>) {
    router.post("login") { request, context in
      let authorization = request.headers[.authorization]
      // Whoever brings no password has not tried one.
      if authorization != nil { try rate.admit(context.clientAddress) }
      return Response.text(try await login.token(for: authorization, from: context.clientAddress))
    }
    switch tokens {
    case .here(let catalog): TokenRoutes<Context>(door: door, catalog: catalog).add(to: router)
    case .elsewhere(let ask):
      let forward: @Sendable (Request, Context) async throws -> Response = { [door] request, context in
        _ = try await door.admit(request, context, to: .tokens)
        return try await ask(request)
      }
      router.get("tokens", use: forward)
      router.post("tokens", use: forward)
      router.delete("tokens/:id", use: forward)
    }
  }
}

/// Where the API tokens are: with the users.
public enum TokenPlace: Sendable {
  case here(Catalog)
  /// In another service, which is asked.
  case elsewhere(@Sendable (Request) async throws -> Response)
}
