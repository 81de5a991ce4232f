import FoundationEssentials
import JWTKit

/// What a token is signed with: the algorithm belongs to the key, never to the token (RFC 8725, 3.1).
enum TokenSigningKey: Sendable {
  case ed25519(SigningKey)
  case secret(SharedSecret)
}

/// What a token is checked with.
enum TokenCheckingKeys: Sendable {
  case ed25519(KeySet)
  case secret(SharedSecret)
}

/// A secret of the operator's for HS256.
struct SharedSecret: Sendable {
  /// RFC 7518, 3.2: a key at least as long as the hash.
  static let minimumByteCount = 32

  let key: HMACKey

  init(_ text: String) throws(TokenError) {
    guard text.utf8.count >= Self.minimumByteCount else {
      throw TokenError(
        .weakSecret,
        "The shared secret for access tokens (JWT_SECRET) has \(text.utf8.count) bytes, and it needs \(Self.minimumByteCount) or more."
      )
    }
    self.key = HMACKey(from: text)
  }
}

extension Int64 {
  /// Whether so many seconds since 1970 are a time before the year 10000. Those that are not would not come through a
  /// `Date` as they are, or through one and back at all.
  var isTime: Bool { 0..<253_402_300_800 ~= self }
}

/// Claims that say for whom and by whom they were made.
protocol TokenClaims: JWTPayload {
  var issuer: String { get }
  var audience: String { get }
}

extension TokenKind {
  /// Signs the claims as a token of this kind.
  func sign(_ claims: some TokenClaims, with key: TokenSigningKey) async throws(TokenError) -> String {
    let keys = JWTKeyCollection()
    var header = JWTHeader()
    header.typ = type
    switch key {
    case .ed25519(let key):
      await keys.add(eddsa: key.key)
      header.kid = key.keyID
    case .secret(let secret):
      await keys.add(hmac: secret.key, digestAlgorithm: .sha256)
    }
    do { return try await keys.sign(claims, header: header) } catch {
      throw TokenError(.unsignable, "The \(name) could not be signed: \(error).")
    }
  }

  /// The claims of a token of this kind, once its header, its signature, its issuer and its audience are found right.
  /// Times are the caller's to check.
  func check<Claims: TokenClaims>(
    _ token: [UInt8], with keys: TokenCheckingKeys, as type: Claims.Type
  ) async throws(TokenError) -> Claims {
    let keys = try await collection(for: try header(of: token), from: keys)
    let claims: Claims
    do { claims = try await keys.verify(token, as: Claims.self) } catch { throw refusal(for: error) }
    guard claims.issuer == Self.issuer else {
      throw TokenError(.wrongIssuer, "The \(name) was issued by somebody else.")
    }
    guard claims.audience == audience else {
      throw TokenError(.wrongKind, "The \(name) is meant for another audience.")
    }
    return claims
  }

  /// Reads the header, which nobody has vouched for yet, and refuses what cannot be a token of this kind.
  private func header(of token: [UInt8]) throws(TokenError) -> TokenHeader {
    guard token.count <= sizeLimit else {
      throw TokenError(.malformed, "The \(name) is larger than \(sizeLimit) bytes.")
    }
    let parts = String(decoding: token, as: UTF8.self).split(separator: ".", omittingEmptySubsequences: false)
      .map { Base64URL.decode($0) }
    // jwt-kit takes for empty what is not base64url; here it is refused.
    guard parts.count == 3, !parts.contains(nil), let bytes = parts[0],
      let header = try? JSONDecoder().decode(TokenHeader.self, from: Data(bytes))
    else { throw TokenError(.malformed, "The \(name) is not a JSON Web Token.") }
    guard header.typ == type else { throw TokenError(.wrongKind, "The token is no \(name).") }
    // RFC 7515, 4.1.11: what is critical and not understood must be refused, and nothing is understood here.
    guard header.crit == nil else {
      throw TokenError(.malformed, "The \(name) asks for extensions that are not known.")
    }
    return header
  }

  /// The one key that the token may have been signed with. jwt-kit falls back to its default key where it does not know
  /// the one that is named, so it is given no other.
  private func collection(
    for header: TokenHeader, from keys: TokenCheckingKeys
  ) async throws(TokenError) -> JWTKeyCollection {
    let collection = JWTKeyCollection()
    switch keys {
    case .ed25519(let set):
      guard header.alg == "EdDSA" else { throw refusal(ofAlgorithm: header.alg, expected: "EdDSA") }
      guard let kid = header.kid, let key = set[kid] else {
        throw TokenError(.unknownKey, "The \(name) was signed with a key that is not known here.")
      }
      await collection.add(eddsa: key.key)
    case .secret(let secret):
      guard header.alg == "HS256" else { throw refusal(ofAlgorithm: header.alg, expected: "HS256") }
      await collection.add(hmac: secret.key, digestAlgorithm: .sha256)
    }
    return collection
  }

  private func refusal(ofAlgorithm algorithm: String?, expected: String) -> TokenError {
    TokenError(.wrongAlgorithm, "The \(name) is not signed with \(expected).")
  }

  private func refusal(for error: any Error) -> TokenError {
    if let error = error as? JWTError, error.errorType == .signatureVerificationFailed {
      return TokenError(.badSignature, "The signature of the \(name) is wrong.")
    }
    return TokenError(.malformed, "The claims of the \(name) are not readable.")
  }
}

/// The header fields that decide how a token is checked.
private struct TokenHeader: Decodable {
  var alg: String?
  var typ: String?
  var kid: String?
  var crit: [String]?
}
