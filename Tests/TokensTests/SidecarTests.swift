import Foundation
import JWTKit
import Spool
import Testing
import WireFormats

@testable import Tokens

@Suite struct SidecarTests {
  let key = SigningKey()
  let id = JobID("01JZ0000000000000000000000")
  let now = Date(timeIntervalSince1970: 1_800_000_000)

  func sidecar(
    name: String = "talk \u{1F3A4}.mp4", size: Int64 = 123, sha256: String? = String(repeating: "0a", count: 32),
    options: ConversionOptions = ConversionOptions(), origin: JobOrigin = .upload
  ) throws -> Sidecar {
    Sidecar(
      id: try #require(id), owner: "ann@example.org", name: name, size: size, sha256: sha256, options: options,
      origin: origin, issuedAt: now + 0.75)
  }

  func sign(_ sidecar: Sidecar) async throws -> [UInt8] { try await SidecarSigner(key: key).sign(sidecar) }

  func verify(_ bytes: [UInt8]) async throws -> Sidecar {
    try await SidecarVerifier(keys: KeySet([key.publicKey])).verify(bytes, expecting: try #require(id))
  }

  func refusal(of token: String) async throws -> TokenError.Kind? {
    do { _ = try await verify(Array(token.utf8)) } catch let error as TokenError { return error.kind }
    return nil
  }

  @Test func aSidecarComesBackAsItWas() async throws {
    var options = ConversionOptions()
    try options.set("preset", to: "cbr-128")
    try options.set("track", to: "2")
    try options.set("language", to: "de")
    try options.set("rate", to: "22050")
    try options.set("channels", to: "mono")
    for sidecar in [try sidecar(), try sidecar(sha256: nil, options: options, origin: .drop)] {
      #expect(try await verify(try await sign(sidecar)) == sidecar)
    }
  }

  @Test func theClaimsHaveTheDesignsNames() async throws {
    var options = ConversionOptions()
    try options.set("preset", to: "v5")
    let forgery = try Forgery(try await sign(try sidecar(options: options)))
    #expect(forgery.header["typ"] == .string("mp3spool-job+jwt"))
    #expect(forgery.header["alg"] == .string("EdDSA"))
    #expect(forgery.header["kid"] == .string(key.keyID))
    #expect(
      Set(forgery.claims.keys) == [
        "jti", "sub", "name", "size", "sha256", "preset", "origin", "iat", "iat_ms", "iss", "aud",
      ])
    #expect(forgery.claims["preset"] == .string("v5"))
    #expect(forgery.claims["iat"] == .int(1_800_000_000))
    #expect(forgery.claims["iat_ms"] == .int(750))
  }

  @Test func aSidecarFromBeforeThereWereMillisecondsIsRead() async throws {
    var forgery = try Forgery(try await sign(try sidecar()))
    forgery.claims["iat_ms"] = nil
    #expect(try await verify(Array(try await forgery.signed(by: key).utf8)).issuedAt == now)
  }

  @Test func theRequestComesBack() async throws {
    let trace = Trace(request: try #require(RequestID("order-4711")), span: SpanID("b7ad6b7169203331"))
    let sidecar = Sidecar(
      id: try #require(id), owner: "ann", name: "x", size: 1, options: ConversionOptions(), origin: .drop,
      issuedAt: now, trace: trace)
    var forgery = try Forgery(try await sign(sidecar))
    #expect(forgery.claims["request"] == .string("order-4711") && forgery.claims["span"] == .string("b7ad6b7169203331"))
    #expect(try await verify(try await sign(sidecar)).trace == trace)
    // Another version's idea of an id keeps no job from being done.
    forgery.claims["request"] = .string("no word\n")
    #expect(try await verify(Array(try await forgery.signed(by: key).utf8)).trace == nil)
  }

  @Test func anotherJobsSidecarIsRefused() async throws {
    var forgery = try Forgery(try await sign(try sidecar()))
    forgery.claims["jti"] = .string("01JZ0000000000000000000001")
    #expect(try await refusal(of: try forgery.signed(by: key)) == .wrongJob)
  }

  @Test func anAccessTokenIsNoSidecar() async throws {
    let token = try await AccessTokenSigner(key: key).sign(user: "7", username: "ann", isAdmin: true)
    #expect(try await refusal(of: token) == .wrongKind)
  }

  @Test func aSidecarIsNoAccessToken() async throws {
    let bytes = try await sign(try sidecar())
    let verifier = AccessTokenVerifier(keys: KeySet([key.publicKey]))
    #expect(
      await TokensTests.refusal { () throws(TokenError) in
        _ = try await verifier.verify(String(decoding: bytes, as: UTF8.self), now: now)
      } == .wrongKind)
  }

  @Test func anotherTypeAloneIsRefused() async throws {
    var forgery = try Forgery(try await sign(try sidecar()))
    forgery.header["typ"] = .string(TokenKind.access.type)
    #expect(try await refusal(of: try forgery.signed(by: key)) == .wrongKind)
  }

  @Test func anotherAudienceAloneIsRefused() async throws {
    var forgery = try Forgery(try await sign(try sidecar()))
    forgery.claims["aud"] = .string(TokenKind.access.audience)
    #expect(try await refusal(of: try forgery.signed(by: key)) == .wrongKind)
  }

  @Test func anotherKeyAloneIsRefused() async throws {
    let forgery = try Forgery(try await sign(try sidecar()))
    #expect(try await refusal(of: try forgery.signed(by: SigningKey())) == .badSignature)
  }

  @Test func anotherIssuerAloneIsRefused() async throws {
    var forgery = try Forgery(try await sign(try sidecar()))
    forgery.claims["iss"] = .string("somebody")
    #expect(try await refusal(of: try forgery.signed(by: key)) == .wrongIssuer)
  }

  @Test func aSharedSecretSignsNoSidecar() async throws {
    var forgery = try Forgery(try await sign(try sidecar()))
    forgery.header["alg"] = .string("HS256")
    #expect(try await refusal(of: try forgery.signed(bySecret: key.publicKey.rawRepresentation)) == .wrongAlgorithm)
  }

  @Test(arguments: [
    ("size", JWTHeaderField.int(-1)), ("size", .string("1")), ("name", .string("")), ("sha256", .string("0A")),
    ("origin", .string("mail")), ("preset", .string("loud")), ("rate", .int(44_000)), ("jti", .string("1")),
    ("iat_ms", .int(-1)), ("iat_ms", .int(1000)), ("iat", .null), ("iat", .int(-1)), ("iat", .int(.max)),
    ("iat", .int(253_402_300_800)),
  ]) func aClaimThatMakesNoSenseIsRefused(claim: String, value: JWTHeaderField) async throws {
    var forgery = try Forgery(try await sign(try sidecar()))
    forgery.claims[claim] = value
    #expect(try await refusal(of: try forgery.signed(by: key)) == .malformed)
  }

  @Test func nothingIsSignedThatNobodyWouldAccept() async throws {
    let senseless = [
      try sidecar(size: -1), try sidecar(name: ""), try sidecar(sha256: "0a"),
      try sidecar(name: String(repeating: "n", count: 64 << 10)),
    ]
    for sidecar in senseless {
      let error = await #expect(throws: TokenError.self) { try await sign(sidecar) }
      #expect(error?.kind == .malformed)
    }
  }

  @Test func aSidecarDoesNotAge() async throws {
    var forgery = try Forgery(try await sign(try sidecar()))
    for time in [0, 32_503_680_000] {
      forgery.claims["iat"] = .int(time)
      #expect(try await refusal(of: try forgery.signed(by: key)) == nil)
    }
  }

  @Test func theKeyThatSignedIsFoundInTheSet() async throws {
    let bytes = try await sign(try sidecar())
    let keys = KeySet([SigningKey().publicKey, key.publicKey, SigningKey().publicKey])
    _ = try await SidecarVerifier(keys: keys).verify(bytes, expecting: try #require(id))
  }
}
