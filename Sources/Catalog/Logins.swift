import DurableFiles
public import Foundation
import GRDB
import Tokens

/// What became of an attempt to log in.
public enum LoginAnswer: Sendable, Equatable {
  /// - `since`: a time at which the password was right, for all that is known. It may have been changed after that.
  case accepted(User, since: Date)
  case refused
  /// Too many wrong passwords came before: this one, be it the right one, was not looked at. Try again after this time.
  case later(Duration)
}

extension Catalog {
  /// How many accounts' wrong tries are remembered: more than anybody can make in a day, at two hashes at once.
  static let rememberedAccounts = 100_000

  /// Like ``authenticate(email:password:)``, with pauses after wrong passwords that every process and every restart
  /// remembers.
  ///
  /// An email that nobody has is treated alike, so that nothing tells the two apart. Tries for one account are made one
  /// after the other, so that guesses that come at once are counted before the next one is looked at.
  ///
  /// - Parameter clock: says what time it is.
  /// - Throws: `busy` where too many log in at once; `unusable`.
  public func login(
    email: String, password: String, clock: () -> Date = { .now }
  ) async throws(CatalogError) -> LoginAnswer {
    let account = Digest.sha256((try? Email(email).key) ?? email)
    guard await turns.enter(account) else {
      throw CatalogError(.busy, "Too many people are logging in at once. Try again.")
    }
    defer { turns.leave(account) }
    let delay = try await delay(of: account)
    if let rest = delay.remaining(at: clock()) { return .later(rest) }
    let begin = clock()
    guard let user = try await authenticate(email: email, password: password) else {
      try await remember(delay.afterFailure(at: clock()), of: account)
      return .refused
    }
    if delay.failures > 0 { try await forget(account) }
    return .accepted(user, since: begin)
  }

  private func delay(of account: [UInt8]) async throws(CatalogError) -> LoginDelay {
    try await read { db in
      let row = try Row.fetchOne(db, sql: "SELECT * FROM login_failures WHERE account = ?", arguments: [Data(account)])
      return row.map { LoginDelay(failures: $0["count"], lastFailure: Date(milliseconds: $0["last_at"])) }
        ?? LoginDelay()
    }
  }

  /// Remembers a wrong try, and forgets those of yesterday. Where there are too many, those of accounts that were tried
  /// least go first, so that nobody clears away what is known of one account by trying many.
  func remember(
    _ delay: LoginDelay, of account: [UInt8], limit: Int = rememberedAccounts
  ) async throws(CatalogError) {
    guard let last = delay.lastFailure else { return }
    try await write { db in
      try db.execute(
        sql: "INSERT OR REPLACE INTO login_failures (account, count, last_at) VALUES (?, ?, ?)",
        arguments: [Data(account), delay.failures, last.milliseconds])
      try db.execute(
        sql: "DELETE FROM login_failures WHERE last_at < ?",
        arguments: [last.addingTimeInterval(-LoginDelay.memory).milliseconds])
      try db.execute(
        sql: """
          DELETE FROM login_failures WHERE account IN (
            SELECT account FROM login_failures ORDER BY count, last_at
            LIMIT max(0, (SELECT count(*) FROM login_failures) - ?))
          """, arguments: [limit])
    }
  }

  private func forget(_ account: [UInt8]) async throws(CatalogError) {
    try await write { db in
      try db.execute(sql: "DELETE FROM login_failures WHERE account = ?", arguments: [Data(account)])
    }
  }
}
