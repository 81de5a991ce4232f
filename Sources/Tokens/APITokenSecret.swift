import Crypto

/// An API token as its owner holds it: `mp3s_`, 43 random letters and digits, and a checksum of six.
///
/// The letters are more than 256 random bits, so a fast hash of them is as safe to store as a slow one. The prefix and the
/// checksum let programs that look for leaked secrets know one from any other text.
public struct APITokenSecret: Sendable, Equatable {
  /// The whole token.
  public let text: String

  public static let prefix = "mp3s_"

  private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
  private static let digitCount = 43
  private static let checksumDigitCount = 6

  /// A new one. Swift's generator is the kernel's, getrandom(2).
  public init() {
    let digits = (0..<Self.digitCount).map { _ in Self.alphabet[Int.random(in: 0..<Self.alphabet.count)] }
    text = Self.prefix + String(digits) + Self.checksum(of: String(digits))
  }

  /// Reads what somebody offers.
  ///
  /// - Throws: `malformed` where it is no API token, or one that was not copied whole.
  public init(_ text: String) throws(TokenError) {
    let body = text.dropFirst(Self.prefix.count)
    let digits = body.prefix(Self.digitCount)
    guard text.hasPrefix(Self.prefix), body.utf8.count == Self.digitCount + Self.checksumDigitCount,
      body.allSatisfy(Self.alphabet.contains), Self.checksum(of: String(digits)) == body.suffix(Self.checksumDigitCount)
    else { throw TokenError(.malformed, "The API token is not one, or it was not copied whole.") }
    self.text = text
  }

  /// What is stored of it.
  public var digest: [UInt8] { Digest.sha256(text) }

  /// By what it is named in lists and logs; it follows from the digest, and nobody can follow it back.
  public var id: String { Digest.hex(digest.prefix(8)) }

  private static func checksum(of text: String) -> String {
    var value = Int(crc32(text.utf8))
    var digits: [Character] = []
    for _ in 0..<checksumDigitCount {
      digits.append(alphabet[value % alphabet.count])
      value /= alphabet.count
    }
    return String(digits.reversed())
  }

  /// The CRC of ISO 3309, which zlib and others have, too.
  private static func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
    ~bytes.reduce(~0) { crc, byte in
      (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in crc >> 1 ^ (crc & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
  }
}

/// Hashes of texts that nobody needs to keep.
public enum Digest {
  public static func sha256(_ text: String) -> [UInt8] { Array(SHA256.hash(data: Array(text.utf8))) }

  /// In lower-case hexadecimal.
  public static func hex(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
  }
}
