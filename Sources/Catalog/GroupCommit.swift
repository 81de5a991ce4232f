import Synchronization

/// Lets those who want something written at the same time share a transaction.
///
/// A commit ends when the disk says so, and transactions come one after the other. Whoever comes during one waits for its
/// end anyway; then all who have come meanwhile are written in the next one together.
final class GroupCommit<Row: Sendable>: Sendable {
  typealias Write = @Sendable ([Row]) async throws(CatalogError) -> Void
  private typealias Answer = Result<Void, CatalogError>

  private struct Part: Sendable {
    let rows: [Row]
    let write: Write
    let caller: CheckedContinuation<Answer, Never>
  }

  private struct Line {
    var waiting: [Part] = []
    var isWriting = false
  }

  private let line = Mutex(Line())

  /// How many wait for the next transaction.
  var waitingCount: Int { line.withLock { $0.waiting.count } }

  /// Has `rows` written by `write`, perhaps with the rows of others, who must want the same of it. Returns when they are
  /// durable; the failure is that of these rows, not of others'.
  func join(_ rows: [Row], _ write: @escaping Write) async throws(CatalogError) {
    let answer = await withCheckedContinuation { caller in
      let isFirst = line.withLock { line in
        line.waiting.append(Part(rows: rows, write: write, caller: caller))
        defer { line.isWriting = true }
        return !line.isWriting
      }
      // Not the caller's own work: a caller that is cancelled must not take the others with it.
      if isFirst { Task { await writeAll() } }
    }
    try answer.get()
  }

  private func writeAll() async {
    while let parts = next() {
      let together = await Self.result(of: parts[0].write, parts.flatMap(\.rows))
      for part in parts {
        // Where the whole failed, each has its own try: one row that cannot be written must not keep the others out.
        let isDone = parts.count == 1 || (try? together.get()) != nil
        part.caller.resume(returning: isDone ? together : await Self.result(of: part.write, part.rows))
      }
    }
  }

  /// All who wait; nil, and the end of the writing, where nobody does.
  private func next() -> [Part]? {
    line.withLock { line in
      defer { line.waiting = [] }
      line.isWriting = !line.waiting.isEmpty
      return line.isWriting ? line.waiting : nil
    }
  }

  private static func result(of write: Write, _ rows: [Row]) async -> Answer {
    do throws(CatalogError) { return .success(try await write(rows)) } catch { return .failure(error) }
  }
}
