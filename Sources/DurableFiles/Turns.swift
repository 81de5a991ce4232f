import Synchronization

/// Lets the work of one person, or of whatever else bears a key, happen one after the other, and that of different ones at
/// once: so a flood of one fills no pool of threads that all share.
public final class Turns<Key: Hashable & Sendable>: Sendable {
  private typealias Waiting = CheckedContinuation<Bool, Never>

  /// Keys whose turn it is, with those who wait for theirs.
  private let lines = Mutex<[Key: [Waiting]]>([:])
  private let (waitingLimit, limitOfOne): (Int, Int)

  /// - Parameters:
  ///   - waitingLimit: so many may wait, for all keys together.
  ///   - limitOfOne: so many may wait for one.
  public init(waitingLimit: Int = 100, limitOfOne: Int = .max) {
    (self.waitingLimit, self.limitOfOne) = (waitingLimit, limitOfOne)
  }

  /// Returns when it is the caller's turn, who must call ``leave(_:)`` then.
  ///
  /// - Returns: false where too many wait already: then it is not.
  public func enter(_ key: Key) async -> Bool {
    await withCheckedContinuation { waiting in
      let answer: Bool? = lines.withLock { lines in
        guard let line = lines[key] else {
          lines[key] = []
          return true
        }
        guard line.count < limitOfOne, lines.values.reduce(0, { $0 + $1.count }) < waitingLimit else { return false }
        lines[key] = line + [waiting]
        return nil
      }
      if let answer { waiting.resume(returning: answer) }
    }
  }

  public func leave(_ key: Key) {
    let next: Waiting? = lines.withLock { lines in
      guard var line = lines[key], !line.isEmpty else {
        lines[key] = nil
        return nil
      }
      let next = line.removeFirst()
      lines[key] = line
      return next
    }
    next?.resume(returning: true)
  }
}
