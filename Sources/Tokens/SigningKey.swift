import Crypto
import FoundationEssentials
import JWTKit

/// An Ed25519 private key: whoever holds it can sign. It never appears in a description.
public struct SigningKey: Sendable, Equatable, CustomStringConvertible {
  let key: EdDSA.PrivateKey
  public let publicKey: PublicKey

  /// A new key, from the system's random numbers.
  public init() {
    self.init(EdDSA.PrivateKey(backing: Curve25519.Signing.PrivateKey()))
  }

  /// The key that was stored as ``rawRepresentation``.
  ///
  /// - Throws: `invalidKey` unless these are 32 bytes.
  public init(rawRepresentation bytes: [UInt8]) throws(TokenError) {
    guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: bytes) else {
      throw TokenError(.invalidKey, "A private Ed25519 key has 32 bytes, and this one has \(bytes.count).")
    }
    self.init(EdDSA.PrivateKey(backing: key))
  }

  private init(_ key: EdDSA.PrivateKey) {
    self.key = key
    self.publicKey = PublicKey(key.publicKey)
  }

  /// The 32 secret bytes (RFC 8032, 5.1.5).
  public var rawRepresentation: [UInt8] { Array(key.rawRepresentation) }

  /// The name of the key, the same for both halves; see ``PublicKey/keyID``.
  public var keyID: String { publicKey.keyID }

  public var description: String { "private key \(keyID)" }
}

/// The half of an Ed25519 key that everybody may see: whoever holds it can check signatures.
public struct PublicKey: Sendable, Hashable, CustomStringConvertible {
  let key: EdDSA.PublicKey
  /// The name of the key: its RFC 7638 thumbprint, 43 characters of base64url.
  public let keyID: String

  /// - Throws: `invalidKey` unless these are the 32 bytes of RFC 8032, 5.1.5.
  public init(rawRepresentation bytes: [UInt8]) throws(TokenError) {
    guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: bytes) else {
      throw TokenError(.invalidKey, "A public Ed25519 key has 32 bytes, and this one has \(bytes.count).")
    }
    self.init(EdDSA.PublicKey(backing: key))
  }

  init(_ key: EdDSA.PublicKey) {
    self.key = key
    // RFC 7638, 3.2 and RFC 8037, 2: the required members in alphabetical order, without white space.
    let members = #"{"crv":"Ed25519","kty":"OKP","x":"\#(Base64URL.encode(key.rawRepresentation))"}"#
    self.keyID = Base64URL.encode(SHA256.hash(data: Data(members.utf8)))
  }

  /// The 32 bytes of RFC 8032, 5.1.5.
  public var rawRepresentation: [UInt8] { Array(key.rawRepresentation) }

  public var description: String { "public key \(keyID)" }

  public static func == (one: PublicKey, other: PublicKey) -> Bool { one.rawRepresentation == other.rawRepresentation }

  public func hash(into hasher: inout Hasher) { hasher.combine(keyID) }
}
