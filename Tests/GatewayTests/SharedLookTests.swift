import DurableFiles
import Foundation
import Synchronization
import Testing

@testable import Gateway

/// Looking at a spool whose file server is away: nobody waits long, and only one look does.
@Suite struct SharedLookTests {
  /// What blocks a thread until it is let go, as a call on a `hard` mount does.
  private final class Server: Sendable {
    private let calls = Atomic(0)
    private let isAway = Atomic(true)
    var callCount: Int { calls.load(ordering: .relaxed) }

    func call() -> Int {
      let number = calls.add(1, ordering: .relaxed).newValue
      while isAway.load(ordering: .relaxed) { usleep(1000) }
      return number
    }

    func comeBack() { isAway.store(false, ordering: .relaxed) }
  }

  private func look(at server: Server, patience: Duration = .seconds(60)) -> SharedLook<Int> {
    SharedLook(patience: patience) { await LookThreads.run { server.call() } }
  }

  /// It comes to its end while the server is away: that is how long all of this waits.
  @Test(.timeLimit(.minutes(5))) func whatDoesNotAnswerIsLookedAtOnceAndKeepsNobody() async throws {
    let server = Server()
    let look = look(at: server, patience: .milliseconds(200))
    let answers = await withTaskGroup { group in
      for _ in 0..<50 { group.addTask { (try? await look.value()) == nil } }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(answers == Array(repeating: true, count: 50))
    // Later ones do not even wait.
    await #expect(throws: SharedLook<Int>.Unanswered.self) { try await look.value() }
    while server.callCount == 0 { try await Task.sleep(for: .milliseconds(5)) }
    #expect(server.callCount == 1)
    // The threads for work have nothing to do with it.
    #expect(await BlockingThreads.run { true })

    server.comeBack()
    var number: Int?
    while number == nil {
      try await Task.sleep(for: .milliseconds(5))
      number = try? await look.value()
    }
    #expect((number ?? 0) >= 2)
  }

  @Test func aFreshOutcomeIsForAllAlsoAFailure() async throws {
    struct Away: Error {}
    let server = Server()
    server.comeBack()
    let look = SharedLook<Int>(freshness: .seconds(3600), patience: .seconds(60)) {
      _ = server.call()
      throw Away()
    }
    for _ in 0..<3 { await #expect(throws: Away.self) { try await look.value() } }
    #expect(server.callCount == 1)
  }

  @Test func withoutFreshnessEachLooksAnew() async throws {
    let server = Server()
    server.comeBack()
    let look = look(at: server)
    for number in 1...3 { #expect(try await look.value() == number) }
  }
}
