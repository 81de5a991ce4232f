import Synchronization
import Testing
import Tokens

@testable import Gateway

/// Asking an auth service for its keys: whoever comes while that goes on waits for the answer, and is not taken for a stranger.
@Suite struct RemoteKeyTests {
  private final class Counts: Sendable {
    private let number = Atomic(0)
    var count: Int { number.load(ordering: .relaxed) }
    func add() { number.add(1, ordering: .relaxed) }
  }

  private static let keys = KeySet([SigningKey().publicKey])

  @Test func oneQuestionIsForAllWhoWantToKnow() async {
    let (questions, arrivals) = (Counts(), Counts())
    let remote = RemoteKeys(interval: .seconds(3600)) {
      questions.add()
      // The answer comes when all are there, and the last one has had the time for its next step.
      while arrivals.count < 20 { try? await Task.sleep(for: .milliseconds(1)) }
      try? await Task.sleep(for: .milliseconds(50))
      return Self.keys
    }
    let outcomes = await withTaskGroup { group in
      for _ in 0..<20 {
        group.addTask {
          arrivals.add()
          return await remote.refresh(KeySet())
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(outcomes == Array(repeating: .keys(Self.keys), count: 20))
    #expect(questions.count == 1)
    #expect(remote.known == Self.keys)
    #expect(await remote.refresh(Self.keys) == .nothingNew)
    #expect(questions.count == 1)
  }

  /// Between its looking at the keys and its asking for others, another request may have had the answer.
  @Test func whoComesAfterTheAnswerHasTheKeysToo() async {
    let questions = Counts()
    let remote = RemoteKeys(interval: .zero) {
      questions.add()
      return Self.keys
    }
    for _ in 0..<3 { #expect(await remote.refresh(KeySet()) == .keys(Self.keys)) }
    #expect(questions.count == 1)
  }

  /// Nobody can tell then whose a token is: that is another thing than a stranger's.
  @Test func whatDoesNotAnswerIsNotAskedByEverybody() async {
    let questions = Counts()
    let remote = RemoteKeys(interval: .seconds(3600)) {
      questions.add()
      return nil
    }
    for _ in 0..<3 { #expect(await remote.refresh(KeySet()) == .withoutAnswer) }
    #expect(questions.count == 1)
  }
}
