public import Logging

/// What is worth a line in the audit log.
public enum AuditEvent: String, Sendable, Hashable, CaseIterable {
  case login
  case loginRefused = "login-refused"
  case upload, download, delete, cancel, retry
  case linkMade = "link-made"
  case feedMade = "feed-made"
  case feedRemoved = "feed-removed"
  case webhookAdded = "webhook-added"
  case webhookRemoved = "webhook-removed"
  case webhookSecretMade = "webhook-secret-made"
  case deliveryResent = "delivery-resent"
  case noticesChanged = "notices-changed"
  case tokenAdded = "token-added"
  case tokenRevoked = "token-revoked"
  case keysReplaced = "keys-replaced"
  case userAdded = "user-added"
  case userDisabled = "user-disabled"
  case userEnabled = "user-enabled"
  case passwordChanged = "password-changed"
  case quotaChanged = "quota-changed"
  case adminGiven = "admin-given"
  case adminTaken = "admin-taken"
  /// Where it is not known what of the user was to be changed.
  case userChanged = "user-changed"
}

/// One line: who did what, from where, to what, and what came of it. There is no place in it for a secret: a token goes by
/// its id, and what was offered as a password or an email that is not known goes by nothing.
public struct AuditEntry: Sendable, Equatable {
  public var event: AuditEvent
  /// An account's email, or `os:` and the name of the operating system's user who gave a command.
  public var user: String?
  /// The client's address, or `command`.
  public var address: String?
  /// The account that it was done to, where that is another's or a command did it.
  public var account: String?
  public var fid: String?
  /// The API token that was made or revoked.
  public var token: String?
  /// The webhook that was added or removed, by its id.
  public var webhook: String?
  /// The API token with which it was done; nil after a login.
  public var with: String?
  /// `ok`, or the status that the client was answered.
  public var outcome: String

  public init(
    _ event: AuditEvent, user: String?, address: String?, account: String? = nil, fid: String? = nil,
    token: String? = nil, webhook: String? = nil, with: String? = nil, outcome: String = "ok"
  ) {
    (self.event, self.user, self.address, self.account) = (event, user, address, account)
    (self.fid, self.token, self.webhook, self.with, self.outcome) = (fid, token, webhook, with, outcome)
  }

  /// The fields by their names, as values that end where they seem to end.
  var fields: [String: String] {
    let all = [
      "event": event.rawValue, "user": user ?? "-", "address": address ?? "-", "account": account, "fid": fid,
      "token": token, "webhook": webhook, "with": with, "outcome": outcome,
    ]
    return all.compactMapValues { $0.map(Self.unmistakable) }
  }

  private static let longest = 256

  /// What a stranger chose could look like other fields: it is put into quotes where it holds more than names do.
  private static func unmistakable(_ text: String) -> String {
    let text = String(text.prefix(longest))
    let isPlain = !text.isEmpty && text.allSatisfy { $0.isLetter || $0.isNumber || "@.-_:+/".contains($0) }
    return isPlain ? text : "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }
}

/// The one place that writes audit lines. They have a logger of their own, so that they can be told from all others.
public struct AuditLog: Sendable {
  private let logger: Logger

  public init(_ logger: Logger) { self.logger = logger }

  public func note(_ entry: AuditEntry) {
    logger.notice("\(entry.event.rawValue)", metadata: entry.fields.mapValues { .string($0) })
  }
}
