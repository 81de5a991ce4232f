import Crypto
import FoundationEssentials

/// What one person's webhooks are signed with: 256 random bits as 43 characters of base64url. Its receiver needs it as
/// well, so that it is stored as it is.
public struct WebhookSecret: Sendable, Equatable {
  public let text: String

  private static let byteCount = 32

  /// A new one. Swift's generator is the kernel's, getrandom(2).
  public init() { text = Base64URL.encode((0..<Self.byteCount).map { _ in UInt8.random(in: .min ... .max) }) }

  /// One that was stored.
  public init(stored text: String) { self.text = text }

  /// The value of the header `Mp3spool-Signature`: `t=SECONDS,v1=HEX`, where HEX is the HMAC-SHA256 (RFC 2104) of
  /// `SECONDS.BODY` under the secret's characters. The time is signed as well, so that nobody can send an old request
  /// again as a new one.
  ///
  /// - Parameter time: in seconds since 1970.
  public func signature(of body: [UInt8], at time: Int64) -> String {
    let message = Array("\(time).".utf8) + body
    let code = HMAC<SHA256>.authenticationCode(for: message, using: SymmetricKey(data: Array(text.utf8)))
    return "t=\(time),v1=\(Digest.hex(code))"
  }
}
