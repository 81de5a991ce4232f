public import Catalog
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
public import Tokens
import WireFormats

/// `GET|POST /tokens`, `DELETE /tokens/{id}`: the caller's own API tokens, and for admins everybody's.
struct TokenRoutes<Context: GuardedContext>: Sendable {
  let door: Door
  let catalog: Catalog

  func add(to router: Router<Context>) {
    router.get("tokens") { request, context in try await list(request, context) }
    router.post("tokens") { request, context in try await make(request, context) }
    router.delete("tokens/:id") { request, context in try await revoke(request, context) }
  }

  private func list(_ request: Request, _ context: Context) async throws -> Response {
    let caller = try await door.admit(request, context, to: .tokens)
    var user = caller.username
    if let wanted = request.uri.queryParameters["user"].map(String.init), wanted != user {
      guard caller.isAdmin else { throw HTTPFailure(.forbidden, "not authorized: only admins see others' tokens") }
      guard try await catalog.user(email: wanted) != nil else { throw HTTPFailure(.notFound, "there is no such user") }
      user = wanted
    }
    let tokens = try await catalog.tokens(of: user)
    return .json(["tokens": tokens.map { TokenView($0) }], headers: [.cacheControl: "no-store"])
  }

  private func make(_ request: Request, _ context: Context) async throws -> Response {
    let caller = try await door.admit(request, context, to: .tokens)
    let wish = try await TokenWish(request)
    // A token that could make one with more power than its own would have that power.
    if let scope = wish.scopes.subtracting(caller.scopes).min() {
      throw HTTPFailure(.forbidden, "not authorized: the scope \(scope.rawValue) is not yours to give")
    }
    let (token, secret) = try await catalog.addToken(
      for: caller.username, name: wish.name, scopes: wish.scopes, days: wish.days)
    let view = TokenView(OwnedToken(token: token, user: caller.username), secret: secret)
    return .json(
      view, status: .created, headers: [.location: "/tokens/\(token.id)", .cacheControl: "no-store"])
  }

  private func revoke(_ request: Request, _ context: Context) async throws -> Response {
    let id = context.parameters.get("id") ?? ""
    var caller = try await door.admit(request, context, to: .own)
    // Whatever a token allows, who holds it may give it up.
    if caller.isLogin || caller.tokenID != id { caller = try await door.admit(request, context, to: .tokens) }
    // Others' tokens do not exist for people who are no admins.
    try await catalog.revokeToken(id, of: caller.isAdmin ? nil : Int64(caller.subject) ?? 0)
    return Response(status: .noContent)
  }
}

/// What somebody wants of a new API token: JSON, or a form.
private struct TokenWish {
  let name: String
  let scopes: Set<Scope>
  let days: Int?

  private struct Body: Decodable {
    var name: String?
    var scopes: [String]?
    var days: Int?
  }

  private static let example = #"{"name": "backup", "scopes": ["download"], "days": 90}"#

  init(_ request: Request) async throws {
    let sent = SmallBody(request, called: "the wish for a token")
    let bytes = try await sent.bytes()
    let body =
      switch sent.mediaType {
      case "application/json": try SmallBody.json(Body.self, in: bytes, example: Self.example)
      case "application/x-www-form-urlencoded": try Self.form(bytes)
      default: throw HTTPFailure(.unsupportedMediaType, "a token is wished for with JSON or a URL-encoded form")
      }
    name = body.name ?? ""
    days = body.days
    do { scopes = try Scope.set(naming: body.scopes ?? []) } catch { throw HTTPFailure(.badRequest, "\(error)") }
  }

  private static func form(_ bytes: ByteBuffer) throws -> Body {
    let example = "the form must be such as name=backup&scopes=upload,download&days=90"
    // What else a client has in its form does not matter.
    guard let fields = URLEncodedForm.parse(String(buffer: bytes)),
      ["name", "scopes", "days"].allSatisfy({ fields[$0]?.count ?? 1 == 1 })
    else { throw HTTPFailure(.badRequest, example) }
    let days = fields["days"]?.first.flatMap { $0.isEmpty ? nil : $0 }
    guard days == nil || days.flatMap({ Int($0) }) != nil else { throw HTTPFailure(.badRequest, example) }
    let scopes = fields["scopes"]?.first?.split { $0 == "," || $0.isWhitespace }.map(String.init)
    return Body(name: fields["name"]?.first, scopes: scopes, days: days.flatMap { Int($0) })
  }
}

/// An API token as clients see it.
public struct TokenView: Encodable, Sendable {
  let id: String
  let user: String
  let name: String
  let scopes: [Scope]
  let created: Date
  let expires: Date?
  let lastUsed: Date?
  /// The token itself, in the answer that makes it and never again.
  let token: String?

  public init(_ owned: OwnedToken, secret: APITokenSecret? = nil) {
    let known = owned.token
    (id, user, name) = (known.id, owned.user, known.name)
    (created, expires, lastUsed) = (known.createdAt, known.expiresAt, known.lastUsedAt)
    scopes = known.scopes.sorted()
    token = secret?.text
  }
}
