import Foundation
import GRDB
import Synchronization
import Testing

@testable import Catalog

@Suite struct LoginDelayTests {
  private let start = Date(timeIntervalSince1970: 1_700_000_000)

  @Test func pausesDoubleAfterFiveFreeTries() {
    var delay = LoginDelay()
    var pauses: [Double] = []
    for _ in 0..<17 {
      delay = delay.afterFailure(at: start)
      pauses.append((delay.remaining(at: start) ?? .zero) / .seconds(1))
    }
    #expect(pauses == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900])
  }

  @Test func manyFailuresAreStillAQuarterOfAnHour() {
    #expect(LoginDelay(failures: .max, lastFailure: start).remaining(at: start) == .seconds(900))
  }

  @Test func aPausePasses() {
    let delay = LoginDelay(failures: 7, lastFailure: start)
    #expect(delay.remaining(at: start + 1.5) == .milliseconds(2500))
    #expect(delay.remaining(at: start + 4) == nil)
  }

  @Test func aClockThatWasSetBackMakesNoPauseLonger() {
    #expect(LoginDelay(failures: 7, lastFailure: start).remaining(at: start - 10_000) == .seconds(4))
  }

  @Test func afterADayAllIsForgotten() {
    let delay = LoginDelay(failures: 20, lastFailure: start)
    #expect(delay.afterFailure(at: start + 86_399).failures == 21)
    #expect(delay.afterFailure(at: start + 86_401).failures == 1)
  }
}

@Suite struct LoginTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func catalog() async throws -> Catalog {
    let catalog = try directory.catalog()
    if try await !catalog.hasUsers() {
      _ = try await catalog.addUser(email: "ann@example.org", password: "correct horse", isAdmin: false)
    }
    return catalog
  }

  /// No time passes, however long a hash takes on a busy machine.
  private let noon: @Sendable () -> Date = { Date(timeIntervalSince1970: 1_700_000_000) }

  private func hashes(_ catalog: Catalog) -> Int { catalog.passwords.derivations.load(ordering: .relaxed) }

  @Test(arguments: ["ann@example.org", "nobody@example.org", "", "a:b"])
  func afterFiveWrongTriesNothingIsTriedForAWhile(email: String) async throws {
    let catalog = try await catalog()
    for _ in 0..<5 { #expect(try await catalog.login(email: email, password: "wrong horse", clock: noon) == .refused) }
    let before = hashes(catalog)
    for password in ["wrong horse", "correct horse"] {
      guard case .later(let pause) = try await catalog.login(email: email, password: password, clock: noon) else {
        Issue.record("\(password) was tried")
        continue
      }
      #expect((.zero)...(.seconds(1)) ~= pause)
    }
    #expect(hashes(catalog) == before, "a try in the pause costs no hash")
  }

  @Test func theRightPasswordForgetsTheWrongOnes() async throws {
    let catalog = try await catalog()
    for _ in 0..<3 {
      for _ in 0..<4 {
        #expect(try await catalog.login(email: "ann@example.org", password: "wrong horse", clock: noon) == .refused)
      }
      guard case .accepted = try await catalog.login(email: "Ann@example.org", password: "correct horse", clock: noon)
      else {
        Issue.record("the right password was refused")
        return
      }
    }
  }

  /// The password may be changed while it is being looked at: that ends this login too.
  @Test func aLoginIsDatedBeforeItsPasswordWasLookedAt() async throws {
    let catalog = try await catalog()
    let before = hashes(catalog)
    let clock = { [self] in noon() + Double(hashes(catalog)) }
    let answer = try await catalog.login(email: "ann@example.org", password: "correct horse", clock: clock)
    guard case .accepted(_, let since) = answer else {
      Issue.record("\(answer)")
      return
    }
    #expect(hashes(catalog) == before + 1 && since == noon() + Double(before))
  }

  @Test func restartsAndOtherProcessesRememberIt() async throws {
    let (one, other) = (try await catalog(), try directory.catalog())
    for number in 0..<5 {
      #expect(
        try await (number % 2 == 0 ? one : other).login(email: "ann@example.org", password: "wrong horse", clock: noon)
          == .refused)
    }
    for catalog in [one, other, try directory.catalog()] {
      guard case .later = try await catalog.login(email: "ann@example.org", password: "wrong horse", clock: noon) else {
        Issue.record("it was forgotten")
        return
      }
    }
  }

  @Test func guessesThatComeAtOnceAreCountedOneAfterTheOther() async throws {
    let catalog = try await catalog()
    let before = hashes(catalog)
    let answers = try await withThrowingTaskGroup { group in
      for _ in 0..<50 {
        group.addTask { try await catalog.login(email: "ann@example.org", password: "wrong horse", clock: noon) }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(answers.count { $0 == .refused } == 5)
    #expect(hashes(catalog) - before == 5)
  }

  @Test func fewerTriesAreForgottenFirst() async throws {
    let catalog = try await catalog()
    let now = Date()
    try await catalog.remember(LoginDelay(failures: 9, lastFailure: now - 3600), of: [0], limit: 10)
    for number in UInt8(1)..<100 {
      try await catalog.remember(LoginDelay(failures: 1, lastFailure: now), of: [number], limit: 10)
    }
    let (count, kept) = try await catalog.read { db in
      (
        try Int.fetchOne(db, sql: "SELECT count(*) FROM login_failures"),
        try Int.fetchOne(db, sql: "SELECT count FROM login_failures WHERE account = x'00'")
      )
    }
    #expect((count, kept) == (10, 9))
  }

  @Test func theTableHoldsNoEmails() async throws {
    let catalog = try await catalog()
    _ = try await catalog.login(email: "my secret password", password: "wrong horse", clock: noon)
    let text = try await catalog.read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM login_failures").map(\.description).joined()
    }
    #expect(!text.isEmpty && !text.contains("secret"))
  }
}
