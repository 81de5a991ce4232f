import Catalog
import Foundation

/// A user as admins see it.
struct UserView: Encodable, Sendable {
  let id: Int64
  let email: String
  let admin: Bool
  let disabled: Bool
  let created: Date
  let quota: QuotaView
  /// What of the quota is this user's own.
  let rules: WrittenRules

  init(_ user: User, rules: QuotaRules, use: QuotaUse, usual: QuotaLimits) {
    (id, email, admin, disabled) = (user.id, user.email, user.isAdmin, user.isDisabled)
    created = user.createdAt
    quota = QuotaView(user: user.email, use: use, limits: rules.over(usual))
    self.rules = WrittenRules(
      bytes: WrittenRule(rules.bytes), minutes: WrittenRule(rules.minutes), waiting: WrittenRule(rules.waiting))
  }
}

/// Rules as clients write and read them; one that is not there is not spoken of.
struct WrittenRules: Codable, Sendable {
  var bytes: WrittenRule?
  var minutes: WrittenRule?
  var waiting: WrittenRule?
}

/// A rule as clients write and read it: a number, `none` or `default`.
struct WrittenRule: Codable, Sendable, Equatable {
  let rule: QuotaRule

  /// JSON's numbers are exact up to here for all who read them (RFC 8259 §6).
  static let largestLimit: Int64 = 1 << 53 - 1

  init(_ rule: QuotaRule) { self.rule = rule }

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if let word = try? value.decode(String.self) {
      guard let rule = Self.words[word] else { throw Self.wrong(value) }
      self.rule = rule
    } else {
      let limit = try value.decode(Int64.self)
      guard 0...Self.largestLimit ~= limit else { throw Self.wrong(value) }
      rule = .limit(limit)
    }
  }

  func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    switch rule {
    case .usual: try value.encode("default")
    case .unlimited: try value.encode("none")
    case .limit(let limit): try value.encode(limit)
    }
  }

  private static let words: [String: QuotaRule] = ["default": .usual, "none": .unlimited]

  private static func wrong(_ value: any SingleValueDecodingContainer) -> DecodingError {
    .dataCorruptedError(in: value, debugDescription: "a limit is a number, none or default")
  }
}
