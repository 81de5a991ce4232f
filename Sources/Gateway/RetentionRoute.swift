import AuthService
import Hummingbird

/// For how long what is here stays; nil: it is not removed for that reason.
public struct Retention: Sendable {
  /// Jobs that are done, and those that failed.
  public let done, failed: Duration?
  /// How many bytes are to be free on the disk.
  public let freeBytes: Int64?

  public init(done: Duration?, failed: Duration?, freeBytes: Int64?) {
    (self.done, self.failed, self.freeBytes) = (done, failed, freeBytes)
  }
}

/// `GET /retention`: what `clean` keeps, and for how long a resumable upload is kept.
struct RetentionRoute: Sendable {
  let door: Door
  let retention: Retention
  let uploadExpiry: Duration

  /// Times in seconds; what is nil is written as null. The names are those of the settings.
  private struct View: Encodable {
    let keepDone, keepFailed: Double?
    let keepFree: Int64?
    let uploadExpiry: Double

    private enum CodingKeys: String, CodingKey {
      case keepDone = "keep-done"
      case keepFailed = "keep-failed"
      case keepFree = "keep-free"
      case uploadExpiry = "upload-expiry"
    }

    func encode(to encoder: any Encoder) throws {
      var values = encoder.container(keyedBy: CodingKeys.self)
      try values.encode(keepDone, forKey: .keepDone)
      try values.encode(keepFailed, forKey: .keepFailed)
      try values.encode(keepFree, forKey: .keepFree)
      try values.encode(uploadExpiry, forKey: .uploadExpiry)
    }
  }

  func add(to router: Router<GatewayContext>) {
    let view = View(
      keepDone: retention.done.map { $0 / .seconds(1) }, keepFailed: retention.failed.map { $0 / .seconds(1) },
      keepFree: retention.freeBytes, uploadExpiry: uploadExpiry / .seconds(1))
    router.get("retention") { request, context in
      _ = try await door.admit(request, context, to: .own)
      return Response.json(view)
    }
  }
}
