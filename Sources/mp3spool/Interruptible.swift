import UnixSignals

/// Runs the work of a command. At Ctrl-C, or a request to end, the work's task is cancelled, and has put away what it had
/// begun when this throws ``Problem/interrupted(by:)``.
func interruptible(_ work: @escaping @Sendable () async throws -> Void) async throws {
  let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
  try await withThrowingTaskGroup(of: UnixSignal?.self) { group in
    group.addTask {
      try await work()
      return nil
    }
    group.addTask { await signals.first { _ in true } }
    let signal = try await group.next() ?? nil
    group.cancelAll()
    guard let signal else { return }
    // It may have come to its end in that moment; else what it says about being cancelled is no news.
    if case .success? = await group.nextResult() { return }
    throw Problem.interrupted(by: signal)
  }
}
