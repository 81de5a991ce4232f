import DurableFiles
import Synchronization

/// Threads for hashing passwords.
///
/// They are threads of their own, for on Linux Dispatch, and with it Swift's concurrency and GRDB, has one thread for
/// each core, and two hashes would hold up both of a small machine's.
final class HashingThreads: Sendable {
  /// Those of the whole process: two at a time, since each hash takes 128 MiB, and few in line, so that a flood of
  /// logins cannot fill the memory.
  static let shared = HashingThreads(threadLimit: 2, waitingLimit: 100)

  private let threads: BlockingThreads
  /// How many may be hashed or wait.
  private let limit: Int
  private let admitted = Mutex(0)

  init(threadLimit: Int, waitingLimit: Int) {
    threads = BlockingThreads(count: threadLimit)
    limit = threadLimit + waitingLimit
  }

  /// Does `work` as soon as a thread is free, those first who came first.
  ///
  /// - Throws: `busy` where too many wait already, and what `work` throws.
  func run<Value: Sendable>(
    _ work: @escaping @Sendable () throws(CatalogError) -> Value
  ) async throws(CatalogError) -> Value {
    guard admit() else { throw CatalogError(.busy, "Too many people are logging in at once. Try again.") }
    return try await threads.run { [self] () throws(CatalogError) in
      defer { admitted.withLock { $0 -= 1 } }
      return try work()
    }
  }

  private func admit() -> Bool {
    admitted.withLock {
      guard $0 < limit else { return false }
      $0 += 1
      return true
    }
  }
}
