import Foundation
import GRDB
import Synchronization
import Testing
import Tokens

@testable import Catalog

@Suite struct UserTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  @Test func aUserWhoWasAddedCanLogIn() async throws {
    let catalog = try directory.catalog()
    let user = try await catalog.addUser(email: "Ann@example.org", password: "correct horse", isAdmin: true)
    #expect(user.email == "Ann@example.org")
    #expect(user.isAdmin)
    #expect(!user.isDisabled)
    #expect(abs(user.createdAt.timeIntervalSinceNow) < 600)
    #expect(try await catalog.authenticate(email: "Ann@example.org", password: "correct horse") == user)
    #expect(try await catalog.authenticate(email: "Ann@example.org", password: "correct horsf") == nil)
    #expect(try await catalog.authenticate(email: "bob@example.org", password: "correct horse") == nil)
  }

  @Test func usersAreFoundAndListed() async throws {
    let catalog = try directory.catalog()
    #expect(try await !catalog.hasUsers())
    let bob = try await catalog.addUser(email: "bob@example.org", password: "correct horse", isAdmin: false)
    let ann = try await catalog.addUser(email: "Ann@example.org", password: "correct horse", isAdmin: true)
    #expect(try await catalog.hasUsers())
    #expect(try await catalog.users() == [ann, bob])
    #expect(try await catalog.user(email: "BOB@EXAMPLE.ORG") == bob)
    #expect(try await catalog.user(email: "carol@example.org") == nil)
    #expect(ann.id != bob.id)
  }

  @Test(arguments: [
    ("ann@example.org", "ANN@Example.Org"), ("zo\u{EB}@example.org", "zoe\u{308}@example.org"),
    ("\u{C9}mile@example.org", "\u{E9}mile@example.org"),
  ]) func emailsThatDifferOnlyInFormAreTheSame(one: String, other: String) async throws {
    let catalog = try directory.catalog()
    let user = try await catalog.addUser(email: one, password: "correct horse", isAdmin: false)
    #expect(try await catalog.authenticate(email: other, password: "correct horse") == user)
    let kind = await refusal { () throws(CatalogError) in
      _ = try await catalog.addUser(email: other, password: "another horse", isAdmin: false)
    }
    #expect(kind == .duplicateUser)
  }

  @Test(arguments: [
    "", "ann:x@example.org", "ann\n@example.org", "ann\u{0}@example.org", "ann\u{202E}@example.org", " ann@example.org",
    "ann @example.org", String(repeating: "a", count: 255), String(repeating: "\u{E9}", count: 128),
  ]) func someEmailsNobodyMayHave(email: String) async throws {
    let catalog = try directory.catalog()
    let kind = await refusal { () throws(CatalogError) in
      _ = try await catalog.addUser(email: email, password: "correct horse", isAdmin: false)
    }
    #expect(kind == .invalid)
    #expect(try await catalog.authenticate(email: email, password: "correct horse") == nil)
  }

  @Test func anEmailMayHave254Bytes() async throws {
    let email = String(repeating: "a", count: 254)
    _ = try await directory.catalog().addUser(email: email, password: "correct horse", isAdmin: false)
  }

  @Test(arguments: ["", "7 chars", String(repeating: "p", count: 1025), String(repeating: "\u{E9}", count: 513)])
  func somePasswordsNobodyMayHave(password: String) async throws {
    let catalog = try directory.catalog()
    let kind = await refusal { () throws(CatalogError) in
      _ = try await catalog.addUser(email: "ann@example.org", password: password, isAdmin: false)
    }
    #expect(kind == .invalid)
    #expect(try await !catalog.hasUsers())
  }

  @Test(arguments: ["8 chars.", String(repeating: "p", count: 1024), "p:a:s:s:", "pass\u{0}word"])
  func unusualPasswordsWork(password: String) async throws {
    let catalog = try directory.catalog()
    let user = try await catalog.addUser(email: "ann@example.org", password: password, isAdmin: false)
    #expect(try await catalog.authenticate(email: "ann@example.org", password: password) == user)
    #expect(try await catalog.authenticate(email: "ann@example.org", password: password + "x") == nil)
    #expect(try await catalog.authenticate(email: "ann@example.org", password: String(password.dropLast())) == nil)
  }

  @Test func aPasswordIsTheSameHoweverItsLettersAreComposed() async throws {
    let catalog = try directory.catalog()
    let user = try await catalog.addUser(email: "ann@example.org", password: "caf\u{E9} cr\u{E8}me", isAdmin: false)
    #expect(try await catalog.authenticate(email: "ann@example.org", password: "cafe\u{301} cre\u{300}me") == user)
  }

  @Test func aNewPasswordReplacesTheOldOne() async throws {
    let catalog = try directory.catalog()
    let user = try await catalog.addUser(email: "ann@example.org", password: "correct horse", isAdmin: false)
    try await catalog.setPassword(email: "ANN@example.org", password: "another horse")
    #expect(try await catalog.authenticate(email: "ann@example.org", password: "correct horse") == nil)
    let changed = try #require(try await catalog.authenticate(email: "ann@example.org", password: "another horse"))
    #expect(changed.id == user.id)
    #expect(changed.passwordChangedAt >= user.passwordChangedAt)
    #expect(changed.createdAt == user.createdAt)
  }

  @Test func aDisabledUserCannotLogInUntilEnabled() async throws {
    let catalog = try directory.catalog()
    _ = try await catalog.addUser(email: "ann@example.org", password: "correct horse", isAdmin: false)
    try await catalog.setDisabled(email: "ann@example.org", true)
    #expect(try await catalog.user(email: "ann@example.org")?.isDisabled == true)
    #expect(try await catalog.authenticate(email: "ann@example.org", password: "correct horse") == nil)
    try await catalog.setDisabled(email: "ann@example.org", false)
    #expect(try await catalog.authenticate(email: "ann@example.org", password: "correct horse") != nil)
  }

  @Test(arguments: ["carol@example.org", "", "a:b"]) func anUnknownUserCannotBeChanged(email: String) async throws {
    let catalog = try directory.catalog()
    let password = await refusal { () throws(CatalogError) in
      try await catalog.setPassword(email: email, password: "correct horse")
    }
    let disabled = await refusal { () throws(CatalogError) in try await catalog.setDisabled(email: email, true) }
    #expect(password == .unknownUser)
    #expect(disabled == .unknownUser)
  }

  @Test func anIDIsNeverGivenTwice() async throws {
    let catalog = try directory.catalog()
    let ann = try await catalog.addUser(email: "ann@example.org", password: "correct horse", isAdmin: false)
    try await catalog.write { db in try db.execute(sql: "DELETE FROM users") }
    let bob = try await catalog.addUser(email: "bob@example.org", password: "correct horse", isAdmin: false)
    #expect(bob.id > ann.id)
  }

  @Test func aUsersTokenCarriesTheUser() async throws {
    let catalog = try directory.catalog()
    let user = try await catalog.addUser(email: "ann@example.org", password: "correct horse", isAdmin: true)
    let key = try await catalog.signingKey(for: .access)
    let text = try await AccessTokenSigner(key: key).sign(user)
    let token = try await AccessTokenVerifier(keys: KeySet([key.publicKey])).verify(text)
    #expect(token.subject == String(user.id))
    #expect(token.username == user.email)
    #expect(token.isAdmin)
  }
}

@Suite struct LoginWorkTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  /// How many hashes a login costs.
  func work(_ catalog: Catalog, email: String, password: String) async throws -> Int {
    let before = catalog.passwords.derivations.load(ordering: .relaxed)
    _ = try await catalog.authenticate(email: email, password: password)
    return catalog.passwords.derivations.load(ordering: .relaxed) - before
  }

  @Test func theWorkDoesNotTellWhyALoginFailed() async throws {
    let catalog = try directory.catalog()
    _ = try await catalog.addUser(email: "ann@example.org", password: "correct horse", isAdmin: false)
    _ = try await catalog.addUser(email: "bob@example.org", password: "correct horse", isAdmin: false)
    try await catalog.setDisabled(email: "bob@example.org", true)
    #expect(try await work(catalog, email: "ann@example.org", password: "correct horse") == 1)
    #expect(try await work(catalog, email: "ann@example.org", password: "wrong horse") == 1)
    #expect(try await work(catalog, email: "bob@example.org", password: "correct horse") == 1)
    #expect(try await work(catalog, email: "carol@example.org", password: "correct horse") == 1)
    #expect(try await work(catalog, email: "", password: "") == 1)
  }

  @Test func aDamagedHashFitsNoPasswordAtTheSameCost() async throws {
    let catalog = try directory.catalog()
    _ = try await catalog.addUser(email: "ann@example.org", password: "correct horse", isAdmin: false)
    try await catalog.write { db in try db.execute(sql: "UPDATE users SET password = 'correct horse'") }
    #expect(try await work(catalog, email: "ann@example.org", password: "correct horse") == 1)
    #expect(try await catalog.authenticate(email: "ann@example.org", password: "correct horse") == nil)
  }

  @Test func aCheapHashIsReplacedAtTheNextLogin() async throws {
    let cheap = try directory.catalog()
    let user = try await cheap.addUser(email: "ann@example.org", password: "correct horse", isAdmin: false)
    let catalog = try directory.catalog(cost: PasswordCost(ln: 5, r: 1))
    #expect(try await work(catalog, email: "ann@example.org", password: "wrong horse") == 1)
    #expect(try await work(catalog, email: "ann@example.org", password: "correct horse") == 2)
    #expect(try await work(catalog, email: "ann@example.org", password: "correct horse") == 1)
    #expect(try await catalog.authenticate(email: "ann@example.org", password: "correct horse") == user)
    // A cheaper catalog leaves the dearer hash alone.
    #expect(try await work(cheap, email: "ann@example.org", password: "correct horse") == 1)
  }
}
