import Synchronization

/// Lets the logins of one account happen one after the other, and those of different accounts at once.
final class AccountTurns: Sendable {
  private typealias Waiting = CheckedContinuation<Bool, Never>

  /// Accounts that somebody logs in to, with those who wait for their turn.
  private let lines = Mutex<[[UInt8]: [Waiting]]>([:])
  private let waitingLimit: Int

  /// - Parameter waitingLimit: so many may wait, for all accounts together.
  init(waitingLimit: Int = 100) { self.waitingLimit = waitingLimit }

  /// Returns when it is the caller's turn, who must call ``leave(_:)`` then.
  ///
  /// - Throws: `busy` where too many wait already.
  func enter(_ account: [UInt8]) async throws(CatalogError) {
    let isAdmitted = await withCheckedContinuation { waiting in
      let answer: Bool? = lines.withLock { lines in
        guard let line = lines[account] else {
          lines[account] = []
          return true
        }
        guard lines.values.reduce(0, { $0 + $1.count }) < waitingLimit else { return false }
        lines[account] = line + [waiting]
        return nil
      }
      if let answer { waiting.resume(returning: answer) }
    }
    guard isAdmitted else { throw CatalogError(.busy, "Too many people are logging in at once. Try again.") }
  }

  func leave(_ account: [UInt8]) {
    let next: Waiting? = lines.withLock { lines in
      guard var line = lines[account], !line.isEmpty else {
        lines[account] = nil
        return nil
      }
      let next = line.removeFirst()
      lines[account] = line
      return next
    }
    next?.resume(returning: true)
  }
}
