import AuthService
import Catalog
import HTTPTypes
import Hummingbird
import Notices
import Spool
import WireFormats

/// Who is to be told of one upload's end: the options `webhook` (a URL) and `mail` (yes or no) of an upload.
struct UploadNotices: Sendable {
  let catalog: Catalog
  let gate: WebhookGate
  /// Whether this service sends mail.
  let sendsMail: Bool

  /// Refuses a wish that could not be granted, before anything is made of the upload.
  func check(_ wish: NoticeWish, of owner: String) async throws {
    if wish.mail == true, !sendsMail {
      throw HTTPFailure(.badRequest, "this service sends no mail: mail cannot be yes")
    }
    guard let url = wish.webhook else { return }
    guard try await catalog.hasWebhookSecret(owner) else {
      throw HTTPFailure(
        .badRequest,
        "there is nothing to sign the webhook with: make a signing secret first, with POST /webhooks/secret")
    }
    try await gate.admit(url, of: owner)
  }
}

extension WebhookGate {
  /// Is there somebody at this URL who may be sent to?
  ///
  /// - Throws: 400 with the reason where not; 429 where too many of the owner's are being looked at.
  func admit(_ text: String, of owner: String) async throws {
    do { _ = try await check(text, of: owner) } catch let refusal as WebhookRefusal {
      if refusal.isOfCrowd { throw HTTPFailure(.tooManyRequests, "\(refusal)", headers: [.retryAfter: "5"]) }
      throw HTTPFailure(.badRequest, "no webhook can go to this URL: \(refusal)")
    }
  }
}

extension NoticeWish {
  /// Takes its own options out of an upload's; an empty one says nothing.
  mutating func take(from values: inout [String: String]) throws {
    if let url = values.removeValue(forKey: "webhook"), !url.isEmpty {
      webhook = try WebhookURL(parsing: url).description
    }
    switch values.removeValue(forKey: "mail") {
    case nil, "": break
    case "yes": mail = true
    case "no": mail = false
    default: throw HTTPFailure(.badRequest, "mail must be yes or no.")
    }
  }
}
