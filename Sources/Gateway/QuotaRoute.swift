import AuthService
import Catalog
import Hummingbird

/// `GET /quota`: what the caller has, and may have.
struct QuotaRoute: Sendable {
  let door: Door
  let catalog: Catalog
  let quota: Quota

  func add(to router: Router<GatewayContext>) {
    router.get("quota") { request, context in
      let caller = try await door.admit(request, context, to: .own)
      return Response.json(
        QuotaView(
          user: caller.username, use: try await catalog.quotaUse(of: caller.username),
          limits: try await quota.limits(of: caller.username)))
    }
  }
}
