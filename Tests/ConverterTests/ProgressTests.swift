import Testing

@testable import Converter

@Suite struct ProgressTests {
  private let now = ContinuousClock.now

  @Test func fractionIsThatOfTheDeclaredTime() {
    let meter = ProgressMeter()
    #expect(meter.at(.seconds(5), of: .seconds(20)).fraction == 0.25)
    #expect(meter.at(.seconds(30), of: .seconds(20)).fraction == 1)
    #expect(meter.at(.zero, of: .seconds(20)).fraction == 0)
  }

  @Test(arguments: [nil, Duration.zero, .seconds(-1)])
  func withoutAUsableDeclarationThereIsNoFraction(_ declared: Duration?) {
    let progress = ProgressMeter().at(.seconds(5), of: declared)
    #expect(progress.fraction == nil)
    #expect(progress.timeLeft == nil)
    #expect(progress.speed > 0 && progress.speed.isFinite)
  }

  @Test func speedAndTimeLeftFollowFromTheTimeThatPassed() {
    let progress = ProgressMeter(now: now).at(.seconds(30), of: .seconds(120), now: now + .seconds(10))
    #expect(progress.speed == 3)
    #expect(progress.timeLeft == .seconds(30))
    #expect(ProgressMeter(now: now).at(.zero, of: .seconds(1), now: now).timeLeft == nil)
  }

  @Test func eachPassHasItsShareOfTheWhole() {
    var meter = ProgressMeter(now: now)
    meter.enter(0..<0.25, now: now)
    #expect(meter.at(.seconds(50), of: .seconds(100), now: now + .seconds(1)).fraction == 0.125)
    meter.enter(0.25..<1, now: now + .seconds(2))
    let progress = meter.at(.seconds(50), of: .seconds(75), now: now + .seconds(6))
    #expect(progress.fraction == 0.75)
    #expect(progress.speed == 12.5)
    #expect(progress.timeLeft == .seconds(2))
  }

  @Test func tracksShareTheWholeEvenly() {
    let parts = (0..<4).map { (0.0..<1.0).part($0, of: 4) }
    #expect(parts == [0..<0.25, 0.25..<0.5, 0.5..<0.75, 0.75..<1])
    #expect((0.5..<1.0).split(at: 0.5) == (0.5..<0.75, 0.75..<1))
  }
}
