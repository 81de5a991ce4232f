import Dispatch
import NIOCore
import Synchronization
internal import SystemPackage

/// Threads for what blocks on a disk or a child process, or computes for long: it must never hold up the cooperative pool, on
/// which everything else runs.
///
/// A pool that takes turns has each thread touch its stack and fill the C library's cache for it (malloc(3), "tcache"), and a
/// service grows for hours until all 32 have: by 2 MiB in 2,000 uploads. Here those that worked last work next, and the rest
/// end.
public final class BlockingThreads: Sendable {
  typealias Work = @Sendable () -> Void
  typealias Start = @Sendable (@escaping Work) throws(Errno) -> Void

  /// For short calls. More threads than cores, since they wait and hardly compute: a slow disk then delays 32 calls, not
  /// two.
  private static let shared = BlockingThreads(count: 32)

  private let roster: Mutex<ThreadRoster<Work>>
  private let patience: DispatchTimeInterval
  private let start: Start

  /// Threads for calls that take long, so that these don't keep the short ones waiting.
  public convenience init(count: Int) { self.init(count: count, patience: .seconds(10)) }

  /// - Parameter patience: how long a thread waits for work before it ends.
  init(
    count: Int, patience: DispatchTimeInterval,
    start: @escaping Start = { body throws(Errno) in try DetachedThread.start(body) }
  ) {
    roster = Mutex(ThreadRoster(most: count))
    self.patience = patience
    self.start = start
  }

  /// Runs `work` on a thread that all short calls share, while the caller is suspended.
  public static func run<Value: Sendable, Failure: Error>(
    _ work: @escaping @Sendable () throws(Failure) -> Value
  ) async throws(Failure) -> Value { try await shared.run(work) }

  /// Runs `work` on one of these threads while the caller is suspended.
  ///
  /// It runs also for a task that was cancelled: what was begun in the spool must be ended, and `work` alone knows how.
  public func run<Value: Sendable, Failure: Error>(
    _ work: @escaping @Sendable () throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
      submit { continuation.resume(returning: Result { () throws(Failure) in try work() }) }
    }
    return try result.get()
  }

  /// How many threads there are, and how many of them have nothing to do.
  var count: Int { roster.withLock { $0.count } }
  var restingCount: Int { roster.withLock { $0.resting.count } }

  private func submit(_ work: @escaping Work) {
    switch roster.withLock({ $0.add(work) }) {
    case .wake(let thread): thread.call.signal()
    case .hire: hire()
    case .wait: break
    }
  }

  /// Where the system has no room for a thread, those that are there do the work in their time. Where there is none, the
  /// caller's thread does it: that others are held up is better than that this is never done.
  private func hire() {
    do {
      try start { self.work(as: RestingThread()) }
    } catch {
      for work in roster.withLock({ $0.goWithout() }) { work() }
    }
  }

  private func work(as thread: RestingThread) {
    while true {
      if let work = roster.withLock({ $0.next(for: thread) }) {
        work()
      } else if thread.call.wait(timeout: .now() + patience) == .timedOut {
        if roster.withLock({ $0.leave(thread) }) { return }
        thread.call.wait()  // It was called in that moment.
      }
    }
  }
}

/// A thread while it has nothing to do.
final class RestingThread: Sendable, Equatable {
  let call = DispatchSemaphore(value: 0)

  static func == (one: RestingThread, other: RestingThread) -> Bool { one === other }
}

/// Who does what: work in the order in which it came, each by the thread that has rested for the shortest time.
struct ThreadRoster<Work: Sendable>: Sendable {
  enum Step: Equatable {
    case wake(RestingThread)
    case hire, wait
  }

  let most: Int
  private(set) var count = 0
  private(set) var resting: [RestingThread] = []
  private var waiting = CircularBuffer<Work>()

  init(most: Int) { self.most = most }

  /// What is to be done for it to be done.
  mutating func add(_ work: Work) -> Step {
    waiting.append(work)
    if let thread = resting.popLast() { return .wake(thread) }
    guard count < most else { return .wait }
    count += 1
    return .hire
  }

  /// For one that was to be hired and could not be: what nobody is there for.
  mutating func goWithout() -> [Work] {
    count -= 1
    guard count == 0 else { return [] }
    defer { waiting.removeAll() }
    return Array(waiting)
  }

  /// Nil where the thread has to rest.
  mutating func next(for thread: RestingThread) -> Work? {
    if let work = waiting.popFirst() { return work }
    resting.append(thread)
    return nil
  }

  /// False where it has been called: then it may not go.
  mutating func leave(_ thread: RestingThread) -> Bool {
    guard let place = resting.firstIndex(of: thread) else { return false }
    resting.remove(at: place)
    count -= 1
    return true
  }
}
