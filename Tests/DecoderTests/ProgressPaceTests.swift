import Testing

@testable import Decoder

@Suite struct ProgressPaceTests {
  private let begin = ContinuousClock.now

  /// Which of these calls are due: samples, and milliseconds since the begin.
  private func due(_ calls: [(Int, Int)]) -> [Bool] {
    var pace = ProgressPace(rate: 1000, now: begin)
    return calls.map { pace.isDue(after: $0.0, now: begin + .milliseconds($0.1)) }
  }

  @Test func fastDecodingReportsByMediaTime() {
    #expect(due([(4999, 0), (5000, 0), (9999, 0), (10_000, 0)]) == [false, true, false, true])
  }

  @Test func slowDecodingReportsTwiceASecond() {
    let reports = due((1...100).map { ($0 * 10, $0 * 100) }).count { $0 }
    #expect(reports >= 20 && reports < 30)
  }

  @Test func positionThatStandsIsNotReportedAgain() {
    #expect(due([(0, 10_000), (1, 10_000), (1, 20_000)]) == [false, true, false])
  }
}
