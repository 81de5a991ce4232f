import Foundation
import Synchronization
import Testing

@testable import Catalog

@Suite struct HashingThreadsTests {
  let threads = HashingThreads(threadLimit: 2, waitingLimit: 10)

  @Test func twoHashAtATime() async throws {
    let tally = Tally()
    try await withThrowingTaskGroup { [threads] group in
      for _ in 0..<12 {
        group.addTask {
          _ = try await threads.run { () throws(CatalogError) in
            tally.begin()
            defer { tally.end() }
            return try PasswordHash([1], cost: PasswordCost(ln: 8))
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(tally.ended == 12)
    #expect((1...2).contains(tally.most))
  }

  /// Both threads are held up, until tasks have run that would not if these threads were Swift's own.
  @Test func hashingHoldsUpNobodyElse() async throws {
    let (arrivals, arrive) = AsyncStream.makeStream(of: Void.self)
    let gate = Gate()
    let hold: @Sendable () throws(CatalogError) -> Void = {
      arrive.yield()
      gate.wait()
    }
    async let one: Void = threads.run(hold)
    async let other: Void = threads.run(hold)
    var iterator = arrivals.makeAsyncIterator()
    await iterator.next()
    await iterator.next()
    await withTaskGroup { group in
      for _ in 0..<100 { group.addTask { await Task.yield() } }
    }
    gate.open()
    _ = try await (one, other)
  }

  @Test func aFloodIsTurnedAway() async {
    let gate = Gate()
    let kinds = await withTaskGroup { [threads] group in
      for _ in 0..<20 {
        group.addTask { await refusal { () throws(CatalogError) in try await threads.run { gate.wait() } } }
      }
      // The threads are held up and the line is full, so that the first 8 to be answered are turned away.
      var kinds: [CatalogError.Kind?] = []
      for _ in 0..<8 { kinds.append(await group.next() ?? nil) }
      gate.open()
      return await group.reduce(into: kinds) { $0.append($1) }
    }
    #expect(kinds == Array(repeating: .busy, count: 8) + Array(repeating: nil, count: 12))
    // Those who are done have made room, also where they failed.
    for _ in 0..<20 {
      #expect(await refusal { () throws(CatalogError) in try await threads.run { () throws(CatalogError) in } } == nil)
      let kind = await refusal { () throws(CatalogError) in
        try await threads.run { () throws(CatalogError) in throw CatalogError(.invalid, "x") }
      }
      #expect(kind == .invalid)
    }
  }

  @Test func anErrorComesBack() async {
    let kind = await refusal { () throws(CatalogError) in
      _ = try await threads.run { () throws(CatalogError) in try PasswordHash([1], cost: PasswordCost(ln: 0)) }
    }
    #expect(kind == .invalid)
  }
}

/// Counts how many are at work at once.
private final class Tally: Sendable {
  private let counts = Mutex((now: 0, most: 0, ended: 0))

  var most: Int { counts.withLock { $0.most } }
  var ended: Int { counts.withLock { $0.ended } }

  func begin() { counts.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1), $0.ended) } }
  func end() { counts.withLock { $0 = ($0.now - 1, $0.most, $0.ended + 1) } }
}

/// Holds threads up until it is opened.
private final class Gate: Sendable {
  private let condition = NSCondition()
  private let isOpen = Mutex(false)

  func wait() {
    condition.withLock {
      while !isOpen.withLock({ $0 }) { condition.wait() }
    }
  }

  func open() {
    condition.withLock {
      isOpen.withLock { $0 = true }
      condition.broadcast()
    }
  }
}
