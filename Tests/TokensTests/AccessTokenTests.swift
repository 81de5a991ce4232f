import Foundation
import JWTKit
import Spool
import Testing
import WireFormats

@testable import Tokens

@Suite struct AccessTokenTests {
  let key = SigningKey()
  let now = Date(timeIntervalSince1970: 1_800_000_000)
  let secret = String(repeating: "s", count: 32)

  var verifier: AccessTokenVerifier { AccessTokenVerifier(keys: KeySet([key.publicKey])) }

  func token() async throws -> String {
    try await AccessTokenSigner(key: key).sign(user: "7", username: "ann@example.org", isAdmin: true, now: now)
  }

  func refusal(of token: String, at time: Date? = nil) async -> TokenError.Kind? {
    await TokensTests.refusal { () throws(TokenError) in _ = try await verifier.verify(token, now: time ?? now) }
  }

  @Test func aTokenSaysWhatItsLoginProved() async throws {
    let token = try await verifier.verify(try await token(), now: now)
    #expect(token.username == "ann@example.org")
    #expect(token.isAdmin)
    #expect(token.subject == "7")
    #expect(token.issuedAt == now)
    #expect(token.expiresAt == now + 24 * 60 * 60)
  }

  @Test func noTwoTokensHaveTheSameID() async throws {
    let one = try await verifier.verify(try await token(), now: now)
    let other = try await verifier.verify(try await token(), now: now)
    #expect(one.id != other.id)
  }

  @Test func theClaimsHaveTheOlderSystemsNames() async throws {
    let token = try await verifier.verify(try await token(), now: now)
    let claims = try JSONSerialization.jsonObject(with: Data(token.claimsJSON())) as? [String: any Sendable]
    #expect(claims?["username"] as? String == "ann@example.org")
    #expect(claims?["admin"] as? Bool == true)
    #expect(claims?["iat"] as? Int == 1_800_000_000)
    #expect(claims?["exp"] as? Int == 1_800_086_400)
    #expect(claims.map { Set($0.keys) } == ["username", "admin", "iat", "exp", "sub", "iss", "aud", "jti"])
    #expect(String(decoding: token.claimsJSON(), as: UTF8.self).contains(#""exp":1800086400,"#))
  }

  @Test func aTokenExpiresAfter24HoursAndAMinuteForTheClocks() async throws {
    let token = try await token()
    let end = now + 24 * 60 * 60
    #expect(await refusal(of: token, at: end + 59) == nil)
    #expect(await refusal(of: token, at: end + 60) == .expired)
  }

  @Test func aTokenFromTheFutureIsRefused() async throws {
    let token = try await token()
    #expect(await refusal(of: token, at: now - 60) == nil)
    #expect(await refusal(of: token, at: now - 61) == .notYetValid)
  }

  @Test func anotherTypeAloneIsRefused() async throws {
    var forgery = try Forgery(try await token())
    for type in [JWTHeaderField.string("mp3spool-job+jwt"), .string("JWT"), .null] {
      forgery.header["typ"] = type
      #expect(await refusal(of: try forgery.signed(by: key)) == .wrongKind)
    }
  }

  @Test func anotherAudienceAloneIsRefused() async throws {
    var forgery = try Forgery(try await token())
    forgery.claims["aud"] = .string(TokenKind.sidecar.audience)
    #expect(await refusal(of: try forgery.signed(by: key)) == .wrongKind)
  }

  @Test func anotherKeyAloneIsRefused() async throws {
    let forgery = try Forgery(try await token())
    #expect(await refusal(of: try forgery.signed(by: SigningKey())) == .badSignature)
  }

  @Test func anotherIssuerAloneIsRefused() async throws {
    var forgery = try Forgery(try await token())
    forgery.claims["iss"] = .string("somebody")
    #expect(await refusal(of: try forgery.signed(by: key)) == .wrongIssuer)
  }

  @Test(arguments: ["username", "admin", "iat", "exp", "sub", "iss", "aud", "jti"])
  func everyClaimIsNeeded(claim: String) async throws {
    var forgery = try Forgery(try await token())
    forgery.claims[claim] = nil
    #expect(await refusal(of: try forgery.signed(by: key)) == .malformed)
  }

  @Test func aTimeThatIsNoWholeNumberIsRefused() async throws {
    var forgery = try Forgery(try await token())
    for time in [JWTHeaderField.string("1800086400"), .decimal(1.5), .null, .array([])] {
      forgery.claims["exp"] = time
      #expect(await refusal(of: try forgery.signed(by: key)) == .malformed)
    }
  }

  @Test(arguments: [-1, Int.min, Int.max, 253_402_300_800]) func aTimeThatNoClockShowsIsRefused(time: Int) async throws
  {
    for claim in ["iat", "exp"] {
      var forgery = try Forgery(try await token())
      forgery.claims[claim] = .int(time)
      #expect(await refusal(of: try forgery.signed(by: key)) == .malformed)
    }
  }

  @Test func anUnknownKeyIsNotReplacedByAKnownOne() async throws {
    var forgery = try Forgery(try await token())
    for name in [JWTHeaderField.string("another"), .null] {
      forgery.header["kid"] = name
      #expect(await refusal(of: try forgery.signed(by: key)) == .unknownKey)
    }
  }

  @Test func aTokenWithoutSignatureIsRefused() async throws {
    var forgery = try Forgery(try await token())
    #expect(await refusal(of: try forgery.signed(withText: "")) == .badSignature)
    for algorithm in ["none", "None", "NONE"] {
      forgery.header["alg"] = .string(algorithm)
      #expect(await refusal(of: try forgery.signed(withText: "")) == .wrongAlgorithm)
    }
  }

  @Test func aPublicKeyIsNoSecret() async throws {
    var forgery = try Forgery(try await token())
    forgery.header["alg"] = .string("HS256")
    #expect(await refusal(of: try forgery.signed(bySecret: key.publicKey.rawRepresentation)) == .wrongAlgorithm)
    forgery.header["alg"] = .string("EdDSA")
    #expect(await refusal(of: try forgery.signed(bySecret: key.publicKey.rawRepresentation)) == .badSignature)
  }

  @Test func whatIsCriticalAndUnknownIsRefused() async throws {
    var forgery = try Forgery(try await token())
    forgery.header["crit"] = .array([.string("b64")])
    #expect(await refusal(of: try forgery.signed(by: key)) == .malformed)
  }

  @Test func everyChangedByteIsNoticed() async throws {
    let token = Array(try await token().utf8)
    for place in token.indices {
      var changed = token
      changed[place] = changed[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
      #expect(await refusal(of: String(decoding: changed, as: UTF8.self)) != nil)
    }
  }

  @Test(arguments: ["", ".", "..", "...", "a.b.c", "e30.e30.", "e30.e30.e30", "é.é.é", "e30=.e30.e30"])
  func whatIsNoTokenIsRefused(text: String) async {
    #expect([.malformed, .wrongKind].contains(await refusal(of: text)))
  }

  @Test func aTokenOfManyBytesIsRefusedUnread() async throws {
    let token = try await token()
    #expect(await refusal(of: token + String(repeating: "A", count: 8 << 10)) == .malformed)
  }

  @Test func aSecretSignsAndChecks() async throws {
    let signer = try AccessTokenSigner(secret: secret)
    let token = try await signer.sign(user: "7", username: "ann@example.org", isAdmin: false, now: now)
    #expect(try Forgery(token).header["alg"] == .string("HS256"))
    #expect(try await AccessTokenVerifier(secret: secret).verify(token, now: now).subject == "7")
    let other = try AccessTokenVerifier(secret: secret + "t")
    #expect(
      await TokensTests.refusal { () throws(TokenError) in _ = try await other.verify(token, now: now) }
        == .badSignature)
    #expect(await refusal(of: token) == .wrongAlgorithm)
  }

  @Test func aVerifierWithASecretTakesNoOtherAlgorithm() async throws {
    let verifier = try AccessTokenVerifier(secret: secret)
    let token = try await token()
    #expect(
      await TokensTests.refusal { () throws(TokenError) in _ = try await verifier.verify(token, now: now) }
        == .wrongAlgorithm)
  }

  @Test(arguments: ["", "secret", String(repeating: "s", count: 31)]) func aShortSecretIsRefused(secret: String) {
    let signer = #expect(throws: TokenError.self) { try AccessTokenSigner(secret: secret) }
    let verifier = #expect(throws: TokenError.self) { try AccessTokenVerifier(secret: secret) }
    #expect(signer?.kind == .weakSecret)
    #expect(verifier?.kind == .weakSecret)
    #expect(signer?.description.contains("JWT_SECRET") == true)
  }

  @Test func secretsAreCountedInBytes() throws {
    _ = try AccessTokenSigner(secret: String(repeating: "é", count: 16))
  }
}
