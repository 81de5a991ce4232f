import Testing

@testable import Loudness

@Suite struct EnvelopeTests {
  @Test func theLeastOfTheLastIsFound() {
    var dice = Dice(state: 9)
    for length in [1, 2, 7, 100] {
      var least = SlidingMinimum(length: length)
      var numbers: [Float] = []
      for index in 0..<1000 {
        numbers.append((dice.next() * 8).rounded() + (index < 500 ? Float(index) / 50 : 0))
        #expect(least.next(numbers[index]) == numbers.suffix(length).min(), "\(index) of length \(length)")
      }
    }
  }

  @Test func aSumIsOfTheLastNumbers() {
    var sum = MovingSum(length: 3, of: 10)
    #expect([1, 2, 3, 4, 5].map { sum.next($0) } == [21, 13, 6, 9, 12])
  }

  /// The promise on which the ceiling rests.
  @Test(arguments: [8000, 44100])
  func theGainIsNeverMoreThanASampleBears(rate: Int) {
    var envelope = GainEnvelope(sampleRate: rate)
    var dice = Dice(state: 21)
    var bearable: [Float] = []
    for index in 0..<20_000 {
      let isPeak = index % 3000 < 1500 && dice.next() > 0.95
      bearable.append(isPeak ? abs(dice.next()) : 1)
      let gain = envelope.next(bearable[index])
      guard index >= envelope.delay + 5 else { continue }
      let place = index - envelope.delay
      // It holds for the neighbours too, whose curve the peak belongs to.
      let least = bearable[place - 5...place + 4].min()!
      #expect(gain <= least + 1e-6, "at \(place)")
    }
  }

  @Test func itComesToRestAtExactlyOne() {
    var envelope = GainEnvelope(sampleRate: 8000)
    #expect(envelope.isAtRest)
    _ = envelope.next(0.1)
    #expect(!envelope.isAtRest)
    var steps = 0
    while !envelope.isAtRest && steps < 80_000 {
      _ = envelope.next(1)
      steps += 1
    }
    #expect(envelope.isAtRest)
    #expect(envelope.next(1) == 1)
  }
}
