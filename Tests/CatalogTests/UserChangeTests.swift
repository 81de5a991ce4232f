import Testing

@testable import Catalog

@Suite struct UserChangeTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private let password = "correct horse"

  private func change(_ set: (inout UserChange) -> Void) -> UserChange {
    var change = UserChange()
    set(&change)
    return change
  }

  @Test func whatIsNotSaidStays() async throws {
    let catalog = try directory.catalog()
    let user = try await catalog.addUser(email: "ann@example.org", password: password, isAdmin: true)
    #expect(try await catalog.changeUser(id: user.id, UserChange()) == user)
    let disabled = try await catalog.changeUser(id: user.id, change { $0.isDisabled = true })
    #expect(disabled.isDisabled && disabled.isAdmin && disabled.passwordChangedAt == user.passwordChangedAt)
    #expect(try await catalog.authenticate(email: user.email, password: password) == nil)
    let back = try await catalog.changeUser(id: user.id, change { ($0.isDisabled, $0.isAdmin) = (false, false) })
    #expect(!back.isDisabled && !back.isAdmin)
    #expect(try await catalog.authenticate(email: user.email, password: password) == back)
  }

  @Test func newPasswordIsUnderTheSameRules() async throws {
    let catalog = try directory.catalog()
    let user = try await catalog.addUser(email: "ann@example.org", password: password, isAdmin: false)
    let changed = try await catalog.changeUser(id: user.id, change { $0.password = "another horse" })
    #expect(changed.passwordChangedAt >= user.passwordChangedAt)
    #expect(try await catalog.authenticate(email: user.email, password: "another horse") == changed)
    await #expect(throws: CatalogError(.invalid, "A password needs at least 8 characters.")) {
      try await catalog.changeUser(id: user.id, change { ($0.password, $0.isAdmin) = ("short", true) })
    }
    #expect(try await catalog.user(id: user.id) == changed, "all of it or nothing")
  }

  @Test func eachLimitIsChangedAlone() async throws {
    let catalog = try directory.catalog()
    let user = try await catalog.addUser(email: "Ann@example.org", password: password, isAdmin: false)
    _ = try await catalog.changeUser(id: user.id, change { ($0.bytes, $0.waiting) = (.limit(5), .unlimited) })
    _ = try await catalog.changeUser(id: user.id, change { ($0.minutes, $0.waiting) = (.limit(7), .usual) })
    var expected = QuotaRules()
    (expected.bytes, expected.minutes) = (.limit(5), .limit(7))
    #expect(try await catalog.quotaRules(of: "ann@example.org") == expected)
  }

  @Test func nobodyIsNotChanged() async throws {
    let catalog = try directory.catalog()
    await #expect(throws: CatalogError(.unknownUser, "There is no user with the id 7.")) {
      try await catalog.changeUser(id: 7, change { $0.bytes = .limit(1) })
    }
  }
}
