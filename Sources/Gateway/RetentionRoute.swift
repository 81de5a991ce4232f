import AuthService
import Hummingbird

/// `GET /retention`: for how long what is here stays, as far as the service decides that.
struct RetentionRoute: Sendable {
  let door: Door
  let uploadExpiry: Duration

  /// Times in seconds; nil, which is written as null: until somebody removes it.
  private struct Retention: Encodable {
    let done: Int64?
    let failed: Int64?
    let uploadExpiry: Int64?

    private enum CodingKeys: String, CodingKey {
      case done, failed
      case uploadExpiry = "upload-expiry"
    }

    func encode(to encoder: any Encoder) throws {
      var values = encoder.container(keyedBy: CodingKeys.self)
      try values.encode(done, forKey: .done)
      try values.encode(failed, forKey: .failed)
      try values.encode(uploadExpiry, forKey: .uploadExpiry)
    }
  }

  func add(to router: Router<GatewayContext>) {
    router.get("retention") { request, context in
      _ = try await door.admit(request, context, to: .own)
      // Jobs are removed by `clean`, whose caller says how old they must be: no setting does.
      return Response.json(Retention(done: nil, failed: nil, uploadExpiry: uploadExpiry.components.seconds))
    }
  }
}
