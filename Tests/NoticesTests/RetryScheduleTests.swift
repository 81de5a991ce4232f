import Foundation
import Notices
import Testing

@Suite struct RetryScheduleTests {
  private let start = Date(timeIntervalSince1970: 1_800_000_000)

  @Test func pausesGrowOverADayAndThenItIsGivenUp() {
    var (now, tries, pauses) = (start, 1, [Double]())
    while let next = RetrySchedule().next(after: tries, now: now, random: 0) {
      pauses.append(next.timeIntervalSince(now))
      (now, tries) = (next, tries + 1)
    }
    #expect(pauses == [10, 60, 300, 1800, 3600, 7200, 14_400, 28_800, 28_800])
    #expect(tries == 10)
    #expect(23 * 3600...24 * 3600 ~= now.timeIntervalSince(start))
  }

  @Test(arguments: [-1.0, 0.5, 1]) func pausesAreJitteredByATenth(random: Double) throws {
    let next = try #require(RetrySchedule().next(after: 2, now: start, random: random))
    #expect(abs(next.timeIntervalSince(start) - 60 * (1 + random / 10)) < 0.001)
  }

  @Test(arguments: [0, -1, 10, .max]) func thereIsNoPauseOutsideOfTheSchedule(tries: Int) {
    #expect(RetrySchedule().next(after: tries, now: start, random: 0) == nil)
  }
}
