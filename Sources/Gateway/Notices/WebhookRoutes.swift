import AuthService
public import Catalog
import Foundation
import HTTPTypes
import Hummingbird
import Notices
public import Tokens
import WireFormats

/// Whom a person has told of the ends of jobs: URLs that get a signed POST.
///
/// | request                     | answer                                                                        |
/// |-----------------------------|-------------------------------------------------------------------------------|
/// | `GET /webhooks`             | the caller's, and for admins those of `?owner=` or all                          |
/// | `POST /webhooks`            | one more; the first one's answer has the signing secret, shown once             |
/// | `DELETE /webhooks/{id}`     | it is gone, with what was to be told to it                                      |
/// | `POST /webhooks/{id}/test`  | a `ping` is sent to it                                                          |
/// | `POST /webhooks/secret`     | a new signing secret in the place of the old one, shown once                    |
struct WebhookRoutes: Sendable {
  let door: Door
  let catalog: Catalog
  let gate: WebhookGate

  func add(to router: Router<GatewayContext>) {
    router.get("webhooks", use: list)
    router.post("webhooks", use: make)
    router.post("webhooks/secret", use: renewSecret)
    router.delete("webhooks/:id", use: remove)
    router.post("webhooks/:id/test", use: test)
  }

  private func list(_ request: Request, _ context: GatewayContext) async throws -> Response {
    let caller = try await door.admit(request, context, to: .download)
    let webhooks = try await catalog.webhooks(of: caller.owner(wantedBy: request))
    return .json(["webhooks": webhooks.map { WebhookView($0) }], headers: [.cacheControl: "no-store"])
  }

  private func make(_ request: Request, _ context: GatewayContext) async throws -> Response {
    let caller = try await door.admit(request, context, to: .download)
    let wish = try await SmallBody(request).read(WebhookWish.self, example: #"{"url": "https://example.org/hook"}"#)
    let url = try WebhookURL(parsing: wish.url).description
    try await gate.admit(url, of: caller.username)
    let (webhook, secret) = try await catalog.addWebhook(url, of: caller.username)
    return .json(
      WebhookView(webhook, secret: secret), status: .created,
      headers: [.location: "/webhooks/\(webhook.id)", .cacheControl: "no-store"])
  }

  private struct WebhookWish: Decodable { var url: String }

  private func renewSecret(_ request: Request, _ context: GatewayContext) async throws -> Response {
    let caller = try await door.admit(request, context, to: .download)
    let secret = try await catalog.renewWebhookSecret(of: caller.username)
    return .json(["secret": secret.text], status: .created, headers: [.cacheControl: "no-store"])
  }

  private func remove(_ request: Request, _ context: GatewayContext) async throws -> Response {
    let caller = try await door.admit(request, context, to: .download)
    try await catalog.removeWebhook(context.parameters.get("id") ?? "", of: caller.ownerLimit)
    return Response(status: .noContent)
  }

  private func test(_ request: Request, _ context: GatewayContext) async throws -> Response {
    let caller = try await door.admit(request, context, to: .download)
    let number = try await catalog.ping(context.parameters.get("id") ?? "", of: caller.ownerLimit)
    return .json(["delivery": number], status: .accepted)
  }
}

/// A webhook as clients see it.
public struct WebhookView: Encodable, Sendable {
  let id: String
  let owner: String
  let url: String
  let created: Date
  /// When its receiver said that it wants to hear no more.
  let ended: Date?
  /// What the owner's webhooks are signed with, in the answer that makes it and never again.
  let secret: String?

  public init(_ webhook: Webhook, secret: WebhookSecret? = nil) {
    (id, owner, url) = (webhook.id, webhook.owner, webhook.url)
    (created, ended) = (webhook.createdAt, webhook.endedAt)
    self.secret = secret?.text
  }
}
