import Catalog
import Foundation
import Testing
import Tokens

@testable import AuthService

@Suite struct AccessRulesTests {
  private let adminsUpload = AccessRules()
  private let everybodyUploads = AccessRules(usersMayUpload: true)

  @Test func aLoginMayWhatItsUserMay() async throws {
    let auth = try await AuthUnderTest()
    let admin = try await auth.authority.caller(
      bearing: auth.signer.sign(auth.addUser("admin@example.org", isAdmin: true)))
    let user = try await auth.authority.caller(bearing: auth.signer.sign(auth.addUser()))
    #expect(admin.isAdmin && !user.isAdmin)
    #expect((admin.scopes, user.scopes) == ([.upload, .download, .admin], [.upload, .download]))
    for need in Need.allCases {
      #expect(adminsUpload.verdict(on: admin, wanting: need) == .admitted)
      let forAdmins = need == .administer ? AccessRules.Verdict.refused("only admins may do this") : .admitted
      #expect(everybodyUploads.verdict(on: user, wanting: need) == forAdmins)
      let expected = need == .upload ? .refused("only admins may upload") : forAdmins
      #expect(adminsUpload.verdict(on: user, wanting: need) == expected)
    }
  }

  /// The whole table: what an admin's API token with one scope may.
  @Test(arguments: [
    (Need.upload, Scope.upload), (.change, .upload), (.download, .download), (.tokens, .admin), (.administer, .admin),
  ])
  func anAPITokenNeedsTheScope(need: Need, scope: Scope) async throws {
    let auth = try await AuthUnderTest()
    try await auth.addUser(isAdmin: true)
    for given in Scope.allCases {
      let caller = try await auth.holder("ann@example.org", [given])
      #expect(adminsUpload.verdict(on: caller, wanting: need) == (given == scope ? .admitted : .lacking(scope)))
      #expect(adminsUpload.verdict(on: caller, wanting: .own) == .admitted)
    }
  }

  @Test func anAdminsTokenSeesOthersJobsOnlyWithTheScope() async throws {
    let auth = try await AuthUnderTest()
    try await auth.addUser(isAdmin: true)
    #expect(try await auth.holder("ann@example.org", [.upload, .download]).isAdmin == false)
    #expect(try await auth.holder("ann@example.org", [.admin]).isAdmin)
  }

  @Test func theScopeAdminIsOfNoUseToWhoeverIsNone() async throws {
    let auth = try await AuthUnderTest()
    try await auth.addUser()
    let caller = try await auth.holder("ann@example.org", Set(Scope.allCases))
    #expect(!caller.isAdmin)
    #expect(caller.scopes == [.upload, .download])
    #expect(adminsUpload.verdict(on: caller, wanting: .tokens) == .lacking(.admin))
    #expect(adminsUpload.verdict(on: caller, wanting: .upload) == .refused("only admins may upload"))
    #expect(everybodyUploads.verdict(on: caller, wanting: .upload) == .admitted)
  }

  @Test func aTokenLosesWhatItsUserLoses() async throws {
    let auth = try await AuthUnderTest()
    let user = try await auth.addUser(isAdmin: true)
    let (_, secret) = try await auth.catalog.addToken(for: user.email, name: "x", scopes: Set(Scope.allCases))
    let login = try await auth.signer.sign(user)
    try await auth.execute("UPDATE users SET is_admin = 0")
    for token in [secret.text, login] {
      let caller = try await auth.authority.caller(bearing: token)
      #expect(!caller.isAdmin && !caller.isAdminUser)
      #expect(caller.scopes == [.upload, .download])
    }
  }
}

@Suite struct CallerTests {
  @Test func aLoginsClaimsAreTheTokens() async throws {
    let auth = try await AuthUnderTest()
    let user = try await auth.addUser(isAdmin: true)
    let caller = try await auth.authority.caller(bearing: try await auth.signer.sign(user))
    let json = try #require(
      try JSONSerialization.jsonObject(with: JSONEncoder().encode(caller)) as? [String: Any])
    #expect(Set(json.keys) == ["username", "admin", "iat", "exp", "sub", "iss", "aud", "jti"])
    #expect(json["admin"] as? Bool == true)
  }

  @Test func whatAnotherServiceReadsIsTheSameCaller() async throws {
    let auth = try await AuthUnderTest()
    try await auth.addUser(isAdmin: true)
    let caller = try await auth.holder("ann@example.org", [.upload])
    let read = try JSONDecoder().decode(Caller.self, from: try JSONEncoder().encode(caller))
    #expect(read == caller)
    #expect((read.isAdmin, read.isAdminUser, read.scopes, read.isLogin) == (false, true, [.upload], false))
  }
}

@Suite struct AuthorityTests {
  @Test func disablingAUserEndsAllTokensAtOnce() async throws {
    let auth = try await AuthUnderTest()
    let user = try await auth.addUser()
    let (_, secret) = try await auth.catalog.addToken(for: user.email, name: "x", scopes: [.upload])
    let login = try await auth.signer.sign(user)
    for token in [secret.text, login] { #expect(try await auth.refusal(of: token) == nil) }
    try await auth.catalog.setDisabled(email: user.email, true)
    for token in [secret.text, login] { #expect(try await auth.refusal(of: token) == .accountClosed) }
    try await auth.execute("DELETE FROM users")
    #expect(try await auth.refusal(of: login) == .accountClosed)
    #expect(try await auth.refusal(of: secret.text) == .unknownToken)
  }

  @Test func aNewPasswordEndsLoginsButNotAPITokens() async throws {
    let auth = try await AuthUnderTest()
    let user = try await auth.addUser()
    let (_, secret) = try await auth.catalog.addToken(for: user.email, name: "x", scopes: [.upload])
    let login = try await auth.signer.sign(user)
    // As if the login had been a minute ago: within one second, the order is the next test's.
    try await auth.execute("UPDATE users SET password_changed_at = password_changed_at + 60000")
    #expect(try await auth.refusal(of: login) == .superseded)
    #expect(try await auth.refusal(of: secret.text) == nil)
  }

  @Test func theLoginRightAfterAChangeCounts() async throws {
    let auth = try await AuthUnderTest()
    try await auth.addUser()
    try await auth.catalog.setPassword(email: "ann@example.org", password: "another horse")
    let user = try #require(try await auth.catalog.user(email: "ann@example.org"))
    #expect(try await auth.refusal(of: auth.signer.sign(user)) == nil)
  }

  @Test func anExpiredOrRevokedAPITokenIsRefused() async throws {
    let auth = try await AuthUnderTest()
    let user = try await auth.addUser()
    let (_, old) = try await auth.catalog.addToken(
      for: user.email, name: "x", scopes: [.upload], days: 1, now: Date(timeIntervalSinceNow: -86_500))
    #expect(try await auth.refusal(of: old.text) == .expired)
    let (token, secret) = try await auth.catalog.addToken(for: user.email, name: "x", scopes: [.upload], days: 1)
    #expect(try await auth.refusal(of: secret.text) == nil)
    try await auth.catalog.revokeToken(token.id)
    #expect(try await auth.refusal(of: secret.text) == .unknownToken)
    #expect(try await auth.refusal(of: "mp3s_") == .malformed)
  }
}
