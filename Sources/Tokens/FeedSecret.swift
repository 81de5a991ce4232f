/// What stands in a feed's address and is all that its reader needs: 256 random bits as 43 characters of base64url.
public struct FeedSecret: Sendable, Equatable {
  public let text: String

  private static let byteCount = 32

  /// A new one. Swift's generator is the kernel's, getrandom(2).
  public init() { text = Base64URL.encode((0..<Self.byteCount).map { _ in UInt8.random(in: .min ... .max) }) }

  /// The secret spelled `text`; nil where that is none.
  public init?(_ text: some StringProtocol) {
    guard Base64URL.decode(text)?.count == Self.byteCount else { return nil }
    self.text = String(text)
  }

  /// What is stored of it. So many random bits need no slow hash.
  public var digest: [UInt8] { Digest.sha256(text) }
}
