import AuthService
import Catalog
import HTTPTypes
import Hummingbird

/// `GET|PUT /notices`: whether the caller wants a mail at the end of each job.
struct NoticePreferenceRoute: Sendable {
  let door: Door
  let catalog: Catalog
  /// Whether this service sends mail.
  let sendsMail: Bool

  private struct Wish: Decodable { var mail: Bool }

  private struct Preference: Encodable {
    /// A mail at the end of each job, unless its upload says something else.
    var mail: Bool
    /// Whether there can be mail at all.
    var mailAvailable: Bool
    /// The webhooks can be signed.
    var hasSecret: Bool
  }

  func add(to router: Router<GatewayContext>) {
    router.get("notices") { request, context in
      let caller = try await door.admit(request, context, to: .download)
      return try await standing(of: caller)
    }
    router.put("notices") { request, context in
      let caller = try await door.admit(request, context, to: .download)
      let wish = try await SmallBody(request).read(Wish.self, example: #"{"mail": true}"#)
      guard sendsMail || !wish.mail else { throw HTTPFailure(.badRequest, "this service sends no mail") }
      try await catalog.setWantsMail(caller.username, wish.mail)
      return try await standing(of: caller)
    }
  }

  private func standing(of caller: Caller) async throws -> Response {
    .json(
      Preference(
        mail: try await catalog.wantsMail(caller.username), mailAvailable: sendsMail,
        hasSecret: try await catalog.hasWebhookSecret(caller.username)))
  }
}
