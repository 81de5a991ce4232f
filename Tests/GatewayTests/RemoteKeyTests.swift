import Synchronization
import Testing
import Tokens

@testable import Gateway

/// Asking an auth service for its keys: whoever comes while that goes on waits for the answer, and is not taken for a stranger.
@Suite struct RemoteKeyTests {
  private static let keys = KeySet([SigningKey().publicKey])

  @Test func oneQuestionIsForAllWhoWantToKnow() async {
    let questions = Atomic(0)
    let remote = RemoteKeys(interval: .seconds(3600)) {
      questions.add(1, ordering: .relaxed)
      try? await Task.sleep(for: .milliseconds(50))
      return Self.keys
    }
    let outcomes = await withTaskGroup { group in
      for _ in 0..<20 { group.addTask { await remote.refresh() } }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(outcomes == Array(repeating: .now, count: 20))
    #expect(questions.load(ordering: .relaxed) == 1)
    #expect(remote.known == Self.keys)
    #expect(await remote.refresh() == .justBefore)
    #expect(questions.load(ordering: .relaxed) == 1)
  }

  /// Nobody can tell then whose a token is: that is another thing than a stranger's.
  @Test func whatDoesNotAnswerIsNotAskedByEverybody() async {
    let questions = Atomic(0)
    let remote = RemoteKeys(interval: .seconds(3600)) {
      questions.add(1, ordering: .relaxed)
      return nil
    }
    for _ in 0..<3 { #expect(await remote.refresh() == .withoutAnswer) }
    #expect(questions.load(ordering: .relaxed) == 1)
  }
}
