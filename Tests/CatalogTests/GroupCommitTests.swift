import Synchronization
import Testing

@testable import Catalog

@Suite struct GroupCommitTests {
  /// What was written, transaction by transaction; the first one waits until it is let go.
  private final class Book: Sendable {
    private let pages = Mutex<[[Int]]>([])
    private let (stop, release) = AsyncStream.makeStream(of: Void.self)

    var written: [[Int]] { pages.withLock { $0 } }

    func write(_ rows: [Int]) async throws(CatalogError) {
      let isFirst = pages.withLock { pages in
        pages.append(rows)
        return pages.count == 1
      }
      if isFirst { for await _ in stop {} }
      guard !rows.contains(13) else { throw CatalogError(.unusable, "13 is not for us.") }
    }

    func letGo() { release.finish() }
  }

  private func isWritten(_ row: Int, _ commits: GroupCommit<Int>, _ book: Book) async -> Bool {
    do {
      try await commits.join([row]) { rows throws(CatalogError) in try await book.write(rows) }
      return true
    } catch { return false }
  }

  /// One row is being written, and those of others come meanwhile.
  private func write(_ others: [Int]) async -> (book: Book, written: Set<Int>) {
    let (book, commits) = (Book(), GroupCommit<Int>())
    let written = await withTaskGroup(of: (Int, Bool).self, returning: Set<Int>.self) { group in
      group.addTask { (0, await isWritten(0, commits, book)) }
      while book.written.isEmpty { await Task.yield() }
      for other in others { group.addTask { (other, await isWritten(other, commits, book)) } }
      while commits.waitingCount < others.count { await Task.yield() }
      book.letGo()
      return await group.reduce(into: []) { if $1.1 { $0.insert($1.0) } }
    }
    return (book, written)
  }

  @Test func thoseWhoComeDuringACommitShareTheNext() async {
    let (book, written) = await write([1, 2, 3])
    #expect(written == [0, 1, 2, 3])
    #expect(book.written.map { $0.sorted() } == [[0], [1, 2, 3]])
  }

  @Test func aRowThatCannotBeWrittenKeepsNoOtherOut() async {
    let (book, written) = await write([1, 13, 3])
    #expect(written == [0, 1, 3])
    #expect(book.written.count == 5, "the first, the three together, and each alone: \(book.written)")
  }

  @Test func whoComesAfterTheLastCommitIsWrittenToo() async {
    let (book, commits) = (Book(), GroupCommit<Int>())
    book.letGo()
    for row in 1...3 { #expect(await isWritten(row, commits, book)) }
    #expect(book.written == [[1], [2], [3]])
  }
}
