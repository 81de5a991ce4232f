import Foundation
import GRDB
import SystemPackage
import Testing
import Tokens

@testable import Catalog

@Suite struct APITokenTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func catalog() async throws -> Catalog {
    let catalog = try directory.catalog()
    for email in ["ann@example.org", "bob@example.org"] {
      _ = try await catalog.addUser(email: email, password: "correct horse", isAdmin: false)
    }
    return catalog
  }

  @Test func aTokenIsFoundByNothingButItself() async throws {
    let catalog = try await catalog()
    let (token, secret) = try await catalog.addToken(
      for: "ANN@example.org", name: "backup", scopes: [.download, .upload], days: 30)
    let found = try #require(try await catalog.token(secret))
    #expect(found.token == token)
    #expect(found.user.email == "ann@example.org")
    #expect((token.name, token.scopes, token.lastUsedAt) == ("backup", [.upload, .download], nil))
    #expect(token.expiresAt.map { abs($0.timeIntervalSince(token.createdAt) - 30 * 86_400) < 0.01 } == true)
    #expect(try await catalog.token(APITokenSecret()) == nil)
  }

  @Test func theFileDoesNotHoldTheToken() async throws {
    let catalog = try await catalog()
    let (_, secret) = try await catalog.addToken(for: "ann@example.org", name: "x", scopes: [.download])
    for name in try directory.modes().keys {
      let bytes = try Data(contentsOf: URL(filePath: directory.path.appending(name).string))
      #expect(bytes.firstRange(of: Data(secret.text.utf8)) == nil, "\(name)")
    }
  }

  @Test func tokensAreListedByUser() async throws {
    let catalog = try await catalog()
    let (anns, _) = try await catalog.addToken(for: "ann@example.org", name: "a", scopes: [.download])
    let (bobs, _) = try await catalog.addToken(for: "bob@example.org", name: "b", scopes: [.admin])
    #expect(try await catalog.tokens(of: "Ann@example.org").map(\.token) == [anns])
    #expect(try await catalog.tokens().map(\.user) == ["ann@example.org", "bob@example.org"])
    #expect(try await catalog.tokens().map(\.token) == [anns, bobs])
  }

  @Test func aRevokedTokenIsGoneAndOthersStay() async throws {
    let catalog = try await catalog()
    let (token, secret) = try await catalog.addToken(for: "ann@example.org", name: "a", scopes: [.download])
    let (_, other) = try await catalog.addToken(for: "ann@example.org", name: "b", scopes: [.download])
    let bob = try #require(try await catalog.user(email: "bob@example.org"))
    let kind = await refusal { () throws(CatalogError) in try await catalog.revokeToken(token.id, of: bob.id) }
    #expect(kind == .unknownToken, "others' tokens do not exist")
    try await catalog.revokeToken(token.id, of: token.userID)
    #expect(try await catalog.token(secret) == nil)
    #expect(try await catalog.token(other) != nil)
    #expect(await refusal { () throws(CatalogError) in try await catalog.revokeToken(token.id) } == .unknownToken)
    #expect(try await catalog.revokeTokens(of: "ann@example.org") == 1)
    #expect(try await catalog.token(other) == nil)
  }

  @Test func useIsNotedAtMostOnceAMinute() async throws {
    let catalog = try await catalog()
    let (_, secret) = try await catalog.addToken(for: "ann@example.org", name: "a", scopes: [.download])
    let start = Date(timeIntervalSince1970: 1_700_000_000)
    for (later, noted) in [(0, 0), (59, 0), (60, 60), (61, 60), (125, 125)] {
      let token = try #require(try await catalog.token(secret)).token
      try await catalog.noteUse(of: token, at: start + Double(later))
      #expect(try await catalog.token(secret)?.token.lastUsedAt == start + Double(noted))
    }
  }

  @Test func someTokensNobodyMayHave() async throws {
    let catalog = try await catalog()
    let long = String(repeating: "a", count: 101)
    for (name, scopes, days) in [
      ("", Set<Scope>([.upload]), nil), (long, [.upload], nil), ("a\nb", [.upload], nil), ("a\u{202E}", [.upload], nil),
      ("a", [], nil), ("a", [.upload], 0), ("a", [.upload], 3651),
    ] as [(String, Set<Scope>, Int?)] {
      let kind = await refusal { () throws(CatalogError) in
        _ = try await catalog.addToken(for: "ann@example.org", name: name, scopes: scopes, days: days)
      }
      #expect(kind == .invalid, "\(name) \(scopes) \(String(describing: days))")
    }
    let kind = await refusal { () throws(CatalogError) in
      _ = try await catalog.addToken(for: "carol@example.org", name: "a", scopes: [.upload])
    }
    #expect(kind == .unknownUser)
  }

  @Test func aUserMayHaveAHundred() async throws {
    let catalog = try await catalog()
    for number in 0..<APIToken.countLimit {
      _ = try await catalog.addToken(for: "ann@example.org", name: "\(number)", scopes: [.upload])
    }
    let kind = await refusal { () throws(CatalogError) in
      _ = try await catalog.addToken(for: "ann@example.org", name: "one more", scopes: [.upload])
    }
    #expect(kind == .tooManyTokens)
    _ = try await catalog.addToken(for: "bob@example.org", name: "another's", scopes: [.upload])
  }

  @Test func tokensGoWithTheirUser() async throws {
    let catalog = try await catalog()
    let (_, secret) = try await catalog.addToken(for: "ann@example.org", name: "a", scopes: [.upload])
    try await catalog.write { db in try db.execute(sql: "DELETE FROM users WHERE email_key = 'ann@example.org'") }
    #expect(try await catalog.token(secret) == nil)
    #expect(try await catalog.tokens().isEmpty)
  }

  @Test func aTokenOfTheSecondOfTheChangeIsOlderThanTheChange() async throws {
    let catalog = try await catalog()
    let user = try #require(try await catalog.user(email: "ann@example.org"))
    let key = try await catalog.signingKey(for: .access)
    let (signer, verifier) = (AccessTokenSigner(key: key), AccessTokenVerifier(keys: KeySet([key.publicKey])))
    let before = try await signer.sign(
      user: String(user.id), username: user.email, isAdmin: false, now: user.passwordChangedAt)
    let after = try await signer.sign(user, now: user.passwordChangedAt)
    #expect(try await verifier.verify(before).issuedAt < user.firstTokenTime)
    #expect(try await verifier.verify(after).issuedAt >= user.firstTokenTime)
    let later = user.passwordChangedAt + 100
    #expect(try await verifier.verify(signer.sign(user, now: later), now: later).issuedAt >= later - 1)
  }
}
