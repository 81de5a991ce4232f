public import Catalog
import HTTPTypes
public import Hummingbird
import WebServer

/// How people come in, at the gateway and at the auth service alike: `POST /login`, `/tokens`, and `/users`.
public struct Entrance: Sendable {
  public let door: Door
  public let audit: AuditLog
  private let login: any Login
  private let rate: LoginRate
  private let accounts: AccountPlace

  /// - Parameters:
  ///   - rate: how often one client may try to log in.
  ///   - accounts: where the users and their API tokens are kept.
  public init(login: any Login, rate: LoginRate, door: Door, accounts: AccountPlace, audit: AuditLog) {
    self.login = login
    self.rate = rate
    self.door = door
    self.accounts = accounts
    self.audit = audit
  }

  public func add<Context: GuardedContext>(to router: Router<Context>) {
    router.post("login") { request, context in
      let authorization = request.headers[.authorization]
      // Whoever brings no password has not tried one.
      if authorization != nil { try rate.admit(context.clientAddress) }
      return Response.text(try await login.token(for: authorization, from: context.clientAddress))
    }
    switch accounts {
    case .here(let catalog, let usual):
      TokenRoutes<Context>(door: door, catalog: catalog).add(to: router)
      UserRoutes<Context>(door: door, catalog: catalog, usual: usual).add(to: router)
    case .elsewhere(let ask):
      func forward(_ need: Need) -> @Sendable (Request, Context) async throws -> Response {
        { [door] request, context in
          _ = try await door.admit(request, context, to: need)
          return try await ask(request)
        }
      }
      router.get("tokens", use: forward(.tokens))
      router.post("tokens", use: forward(.tokens))
      router.delete("tokens/:id", use: forward(.tokens))
      router.get("users", use: forward(.administer))
      router.post("users", use: forward(.administer))
      router.patch("users/:id", use: forward(.administer))
    }
  }
}

/// Where the users and their API tokens are.
public enum AccountPlace: Sendable {
  /// - Parameter usual: the limits of users for whom no others were set.
  case here(Catalog, usual: QuotaLimits)
  /// In another service, which is asked.
  case elsewhere(@Sendable (Request) async throws -> Response)
}
