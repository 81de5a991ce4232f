import Foundation
import Synchronization

/// Threads for hashing passwords, which come and go with the work.
///
/// They are threads of their own, for on Linux Dispatch, and with it Swift's concurrency and GRDB, has one thread for
/// each core, and two hashes would hold up both of a small machine's.
final class HashingThreads: Sendable {
  typealias Job = @Sendable () -> Void

  /// Those of the whole process: two at a time, since each hash takes 128 MiB, and few in line, so that a flood of
  /// logins cannot fill the memory.
  static let shared = HashingThreads(threadLimit: 2, waitingLimit: 100)

  private let line: Mutex<HashingLine<Job>>

  init(threadLimit: Int, waitingLimit: Int) {
    line = Mutex(HashingLine(threadLimit: threadLimit, waitingLimit: waitingLimit))
  }

  /// Does `work` on a thread of its own, as soon as one is free.
  ///
  /// - Throws: `busy` where too many wait already, and what `work` throws.
  func run<Value: Sendable>(
    _ work: @escaping @Sendable () throws(CatalogError) -> Value
  ) async throws(CatalogError) -> Value {
    let result: Result<Value, CatalogError> = await withCheckedContinuation { continuation in
      let isAccepted = accept { continuation.resume(returning: Result(catching: work)) }
      guard !isAccepted else { return }
      let refusal = CatalogError(.busy, "Too many people are logging in at once. Try again.")
      continuation.resume(returning: .failure(refusal))
    }
    return try result.get()
  }

  private func accept(_ job: @escaping Job) -> Bool {
    switch line.withLock({ $0.admit(job) }) {
    case .refuse: return false
    case .wait: return true
    case .start:
      Thread.detachNewThread {
        var job: Job? = job
        while let current = job {
          current()
          job = self.line.withLock { $0.next() }
        }
      }
      return true
    }
  }
}
