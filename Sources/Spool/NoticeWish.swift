/// Who else is to be told of one upload's end, beside those who are told of all of their owner's.
public struct NoticeWish: Codable, Sendable, Equatable {
  /// The URL that gets a webhook.
  public var webhook: String?
  /// Whether the owner gets a mail; nil: as the owner wants it in general.
  public var mail: Bool?

  public init(webhook: String? = nil, mail: Bool? = nil) { (self.webhook, self.mail) = (webhook, mail) }

  /// Nothing is wished for.
  public var isEmpty: Bool { webhook == nil && mail == nil }
}
