import NIOPosix

/// Threads for calls that block on a disk or a child process: they must never hold up the cooperative pool, on which
/// everything else runs.
public struct BlockingThreads: Sendable {
  private let pool: NIOThreadPool

  /// For short calls. More threads than cores, since they wait and hardly compute: a slow disk then delays 32 calls, not
  /// two.
  private static let shared = BlockingThreads(count: 32)

  /// Threads for calls that take long, so that these don't keep the short ones waiting. To be shut down in the end.
  public init(count: Int) {
    pool = NIOThreadPool(numberOfThreads: count)
    pool.start()
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
      // The state says whether the pool was shut down meanwhile; the caller waits in either case.
      pool.submit { _ in
        continuation.resume(returning: Result { () throws(Failure) in try work() })
      }
    }
    return try result.get()
  }

  /// Ends the threads once they have nothing to do.
  public func shutDown() async { try? await pool.shutdownGracefully() }
}
