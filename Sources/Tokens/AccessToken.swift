public import FoundationEssentials
import JWTKit

/// Who somebody is and whether they are an administrator, as a login proved it, until it expires.
public struct AccessToken: Sendable, Equatable {
  /// How long a token is valid.
  public static let lifetime: Duration = .seconds(24 * 60 * 60)

  /// The user's email.
  public let username: String
  public let isAdmin: Bool
  /// The user's id, which no other user ever gets.
  public let subject: String
  public let issuedAt: Date
  public let expiresAt: Date
  /// Unlike any other token's.
  public let id: String
  public let issuer: String
  public let audience: String

  /// The claims as a JSON object, by the names that they have in the token.
  public func claimsJSON() -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Strings, numbers and a Boolean, which JSON can always say.
    return (try? encoder.encode(AccessClaims(self))).map { Array($0) } ?? Array("{}".utf8)
  }
}

/// Makes access tokens that are valid for 24 hours.
public struct AccessTokenSigner: Sendable {
  private let key: TokenSigningKey

  /// Signs with Ed25519 (`alg` EdDSA).
  public init(key: SigningKey) { self.key = .ed25519(key) }

  /// Signs with HMAC and SHA-256 (`alg` HS256). Whoever checks such tokens can also make them.
  ///
  /// - Throws: `weakSecret` under 32 bytes of UTF-8.
  public init(secret: String) throws(TokenError) { self.key = .secret(try SharedSecret(secret)) }

  /// A new token for the user whose id is `subject`.
  ///
  /// - Throws: `unsignable` where the cryptographic library fails.
  public func sign(
    user subject: String, username: String, isAdmin: Bool, now: Date = .now
  ) async throws(TokenError) -> String {
    let issuedAt = Int64(now.timeIntervalSince1970)
    let claims = AccessClaims(
      username: username, admin: isAdmin, sub: subject, iat: issuedAt,
      exp: issuedAt + AccessToken.lifetime.components.seconds, jti: UUID().uuidString.lowercased(),
      iss: TokenKind.issuer, aud: TokenKind.access.audience)
    return try await TokenKind.access.sign(claims, with: key)
  }
}

/// Accepts access tokens, or says why not.
public struct AccessTokenVerifier: Sendable {
  /// How far the clocks of two hosts may differ.
  static let leeway: TimeInterval = 60

  private let keys: TokenCheckingKeys

  /// Accepts tokens that one of these keys signed.
  public init(keys: KeySet) { self.keys = .ed25519(keys) }

  /// Accepts tokens that were signed with this secret.
  ///
  /// - Throws: `weakSecret` under 32 bytes of UTF-8.
  public init(secret: String) throws(TokenError) { self.keys = .secret(try SharedSecret(secret)) }

  /// What the token says, once its type, algorithm, key, signature, issuer, audience and times are found right.
  ///
  /// - Parameter now: the present. Clocks may differ by 60 s: a token is accepted until then after its expiry, and
  ///   from then before its issue.
  /// - Throws: the first thing that is wrong with it.
  public func verify(_ token: String, now: Date = .now) async throws(TokenError) -> AccessToken {
    let kind = TokenKind.access
    let claims = try await kind.check(Array(token.utf8), with: keys, as: AccessClaims.self)
    guard claims.iat.isTime, claims.exp.isTime else {
      throw TokenError(.malformed, "The access token gives a time that no clock shows.")
    }
    let present = now.timeIntervalSince1970
    guard present < Double(claims.exp) + Self.leeway else {
      throw TokenError(.expired, "The access token has expired. Log in again.")
    }
    guard Double(claims.iat) <= present + Self.leeway else {
      throw TokenError(
        .notYetValid, "The access token is from the future, so its issuer's clock and this host's differ.")
    }
    return AccessToken(claims)
  }
}

/// An access token's claims, by the names that they have in JSON (RFC 7519, 4.1, and two of the older system's).
private struct AccessClaims: TokenClaims {
  let username: String
  let admin: Bool
  let sub: String
  let iat: Int64
  let exp: Int64
  let jti: String
  let iss: String
  let aud: String

  var issuer: String { iss }
  var audience: String { aud }

  /// ``TokenKind`` and the verifier check the claims, since they know the purpose and the time.
  func verify(using algorithm: some JWTAlgorithm) {}
}

extension AccessClaims {
  init(_ token: AccessToken) {
    self.init(
      username: token.username, admin: token.isAdmin, sub: token.subject,
      iat: Int64(token.issuedAt.timeIntervalSince1970), exp: Int64(token.expiresAt.timeIntervalSince1970),
      jti: token.id, iss: token.issuer, aud: token.audience)
  }
}

extension AccessToken {
  fileprivate init(_ claims: AccessClaims) {
    self.init(
      username: claims.username, isAdmin: claims.admin, subject: claims.sub,
      issuedAt: Date(timeIntervalSince1970: Double(claims.iat)),
      expiresAt: Date(timeIntervalSince1970: Double(claims.exp)), id: claims.jti, issuer: claims.iss,
      audience: claims.aud)
  }
}
