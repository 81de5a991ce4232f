import Crypto
import Foundation
import Spool

@testable import Tokens

/// What tokens are signed with here: known to everybody, and so nobody's.
enum Keys {
  static let own: SigningKey = {
    guard let key = try? SigningKey(rawRepresentation: Array(0..<32)) else { fatalError("32 bytes are a key") }
    return key
  }()
  static let secret = "a secret that is none, since it is public"
  static let job = JobID("01ARYZ6S41TSV4RRFFQ69G5FAV")!
  static let now = Date(timeIntervalSince1970: 1_800_000_000)

  static let sidecars = SidecarVerifier(keys: KeySet([own.publicKey]))
  static let accessTokens = AccessTokenVerifier(keys: KeySet([own.publicKey]))
  static let sharedTokens: AccessTokenVerifier = {
    guard let verifier = try? AccessTokenVerifier(secret: secret) else { fatalError("the secret is long enough") }
    return verifier
  }()

  /// A token of this kind with these claims, rightly signed.
  static func sign(_ claims: [UInt8], as kind: TokenKind) -> [UInt8] {
    let header = #"{"alg":"EdDSA","typ":"\#(kind.type)","kid":"\#(own.keyID)"}"#
    let signed = "\(Base64URL.encode(header.utf8)).\(Base64URL.encode(claims))"
    guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: own.rawRepresentation),
      let signature = try? key.signature(for: Data(signed.utf8))
    else { fatalError("what is a key can sign") }
    return Array("\(signed).\(Base64URL.encode(signature))".utf8)
  }
}
