import DurableFiles
import Synchronization

/// A look at what may keep one waiting for ever, as a spool does whose file server is away: on a `hard` mount a call waits
/// until the server is back.
///
/// One look is under way at a time, and whoever asks meanwhile gets its outcome. Nobody waits longer than a while: what has
/// not been seen by then cannot be looked at.
final class SharedLook<Value: Sendable>: Sendable {
  /// It has been waited for, and still is.
  struct Unanswered: Error, CustomStringConvertible {
    var description: String { "a look at it takes too long" }
  }

  private struct Look {
    let begin: ContinuousClock.Instant
    let task: Task<Value, any Error>
    var isOver = false
  }

  private let freshness: Duration
  private let patience: Duration
  private let look: @Sendable () async throws -> Value
  private let last = Mutex<Look?>(nil)

  /// - Parameters:
  ///   - freshness: how long after its begin a look's outcome is as good as another look.
  ///   - patience: how long after its begin a look may be waited for.
  ///   - look: must block no thread that others need; ``LookThreads`` are there for it.
  init(
    freshness: Duration = .zero, patience: Duration = .seconds(2), look: @escaping @Sendable () async throws -> Value
  ) {
    (self.freshness, self.patience, self.look) = (freshness, patience, look)
  }

  func value() async throws -> Value {
    let look = current()
    if look.isOver { return try await look.task.value }
    let rest = look.begin + patience - .now
    guard rest > .zero else { throw Unanswered() }
    return try await Self.outcome(of: look.task, within: rest)
  }

  private func current() -> Look {
    last.withLock { last in
      let now = ContinuousClock.now
      if let last, !last.isOver || now - last.begin < freshness { return last }
      let look = Look(begin: now, task: Task { try await self.seen() })
      last = look
      return look
    }
  }

  private func seen() async throws -> Value {
    // It is the one under way until then: no other has begun.
    defer { last.withLock { $0?.isOver = true } }
    return try await look()
  }

  /// A task group would wait for the look in any case: nothing breaks it off.
  private static func outcome(of task: Task<Value, any Error>, within limit: Duration) async throws -> Value {
    let (outcomes, found) = AsyncStream.makeStream(of: Result<Value, any Error>.self)
    let watch = Task { found.yield(await task.result) }
    let timer = Task {
      try await Task.sleep(for: limit)
      found.yield(.failure(Unanswered()))
    }
    defer {
      watch.cancel()
      timer.cancel()
    }
    for await outcome in outcomes { return try outcome.get() }
    // Whoever asked has gone.
    throw CancellationError()
  }
}

/// Threads for looks at the spool: where one waits for a file server, it waits beside those that do the work, and takes none
/// of theirs.
enum LookThreads {
  // One for each kind of look: that of the metrics, and that of readiness.
  private static let threads = BlockingThreads(count: 2)

  static func run<Value: Sendable, Failure: Error>(
    _ work: @escaping @Sendable () throws(Failure) -> Value
  ) async throws(Failure) -> Value { try await threads.run(work) }
}
