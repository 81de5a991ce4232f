import AuthService
public import Catalog
import Foundation
import HTTPTypes
import Hummingbird
import Spool

/// The log of what was sent, or will be: `GET /webhooks/deliveries` with `webhook`, `fid`, `state`, `owner` (admins),
/// `limit` and `before`, and `POST /webhooks/deliveries/{number}/resend`. Mails are in it as well.
struct DeliveryRoutes: Sendable {
  let door: Door
  let catalog: Catalog

  private static let pageSize = 100
  private static let largestPage = 1000

  func add(to router: Router<GatewayContext>) {
    router.get("webhooks/deliveries", use: list)
    router.post("webhooks/deliveries/:number/resend", use: resend)
  }

  private func list(_ request: Request, _ context: GatewayContext) async throws -> Response {
    let caller = try await door.admit(request, context, to: .download)
    let query = request.uri.queryParameters
    let filter = DeliveryFilter(
      owner: caller.owner(wantedBy: request), webhook: query["webhook"].map(String.init),
      job: try Self.job(query["fid"]), state: try request.state(Delivery.State.self))
    let limit = try request.number("limit", 1...Self.largestPage) ?? Self.pageSize
    let before = try request.number("before", 1...Int64.max)
    // One more than wanted tells whether there is another page.
    let found = try await catalog.deliveries(filter, limit: limit + 1, before: before)
    let page = found.prefix(limit)
    let next = found.count > page.count ? page.last.map { "\($0.number)" } : nil
    return .json(DeliveryPage(deliveries: page.map { DeliveryView($0) }, next: next))
  }

  private func resend(_ request: Request, _ context: GatewayContext) async throws -> Response {
    let caller = try await door.admit(request, context, to: .download)
    guard let number = Int64(context.parameters.get("number") ?? "") else {
      throw HTTPFailure(.notFound, "there is no such delivery")
    }
    try await catalog.resend(number, of: caller.ownerLimit)
    return .json(["delivery": number], status: .accepted)
  }

  private static func job(_ text: Substring?) throws -> JobID? {
    guard let text else { return nil }
    guard let id = JobID(String(text)) else { throw HTTPFailure(.badRequest, "fid must be the fid of a job") }
    return id
  }
}

/// A page of the log, newest first.
private struct DeliveryPage: Encodable {
  let deliveries: [DeliveryView]
  /// What `before` must be for the next page; there is none where this is the last.
  let next: String?
}

/// A delivery as clients see it; times are ISO 8601.
public struct DeliveryView: Encodable, Sendable {
  let number: Int64
  let id: String
  let kind: Delivery.Kind
  let webhook: String?
  let target: String
  let owner: String
  let fid: JobID?
  let event: String
  let state: Delivery.State
  let tries: Int
  let created: Date
  let next: Date?
  let last: Date?
  let status: Int?
  let error: String?

  public init(_ delivery: Delivery) {
    (number, id, kind, webhook) = (delivery.number, delivery.id, delivery.kind, delivery.webhook)
    (target, owner, fid, event) = (delivery.target, delivery.owner, delivery.job, delivery.event)
    (state, tries, created, next) = (delivery.state, delivery.tries, delivery.createdAt, delivery.nextAt)
    (last, status, error) = (delivery.lastAt, delivery.lastStatus, delivery.lastError)
  }
}
