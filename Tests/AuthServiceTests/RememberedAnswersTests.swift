import Catalog
import Testing
import Tokens

@testable import AuthService

@Suite struct RememberedAnswersTests {
  private let start = ContinuousClock.now
  private let digest: [UInt8] = [1]

  @Test func anAnswerCountsForHalfAMinute() async throws {
    let auth = try await AuthUnderTest()
    let caller = try await auth.authority.caller(bearing: auth.signer.sign(auth.addUser()))
    var answers = RememberedAnswers()
    #expect(answers.answer(for: digest, at: start) == nil)
    answers.remember(.success(caller), for: digest, at: start)
    #expect(answers.answer(for: digest, at: start + .seconds(29)) == .success(caller))
    #expect(answers.answer(for: digest, at: start + .seconds(30)) == nil)
    #expect(answers.answer(for: [2], at: start) == nil)
  }

  @Test func whoeverWasLetInStaysInForFiveMinutesWhenNobodyCanTell() async throws {
    let auth = try await AuthUnderTest()
    let caller = try await auth.authority.caller(bearing: auth.signer.sign(auth.addUser()))
    var answers = RememberedAnswers()
    answers.remember(.success(caller), for: digest, at: start)
    #expect(answers.lastResort(for: digest, at: start + .seconds(299)) == caller)
    #expect(answers.lastResort(for: digest, at: start + .seconds(300)) == nil)
  }

  /// An answer may be on its way for seconds.
  @Test func anAnswerToAnEarlierQuestionDoesNotUndoALaterOne() async throws {
    let auth = try await AuthUnderTest()
    let caller = try await auth.authority.caller(bearing: auth.signer.sign(auth.addUser()))
    var answers = RememberedAnswers()
    let refusal = TokenError(.unknownToken, "no")
    answers.remember(.failure(refusal), for: digest, at: start + .seconds(1))
    answers.remember(.success(caller), for: digest, at: start)
    #expect(answers.answer(for: digest, at: start + .seconds(2)) == .failure(refusal))
    #expect(answers.lastResort(for: digest, at: start + .seconds(2)) == nil)
  }

  @Test func whoeverWasRefusedStaysOut() {
    var answers = RememberedAnswers()
    let refusal = TokenError(.unknownToken, "no")
    answers.remember(.failure(refusal), for: digest, at: start)
    #expect(answers.answer(for: digest, at: start) == .failure(refusal))
    #expect(answers.lastResort(for: digest, at: start) == nil)
  }

  @Test func manyTokensTakeBoundedMemory() {
    var answers = RememberedAnswers()
    for number in 0...RememberedAnswers.countLimit {
      let digest = withDigits(number)
      answers.remember(.failure(TokenError(.unknownToken, "no")), for: digest, at: start)
    }
    let kept = (0...RememberedAnswers.countLimit).count { answers.answer(for: withDigits($0), at: start) != nil }
    #expect((1...RememberedAnswers.countLimit).contains(kept))
  }

  private func withDigits(_ number: Int) -> [UInt8] { Array("\(number)".utf8) }
}
