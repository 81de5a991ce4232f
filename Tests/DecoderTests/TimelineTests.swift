import Testing

@testable import Decoder

@Suite struct TimelineTests {
  private let second = Timeline.unitsPerSecond

  /// Places frames of 20 ms at these times (in seconds); the silence and what is kept, in seconds.
  private func play(_ times: [Double?], _ clock: Timeline.Clock = .init()) -> (silence: Double, sound: Double) {
    var timeline = Timeline(clock)
    let length = second / 50
    var silence: Int64 = 0
    var sound: Int64 = 0
    for time in times {
      let placement = timeline.place(start: time.map { Int64($0 * Double(second)) }, length: length)
      silence += placement.silence
      sound += length - placement.trim
    }
    return (Double(silence) / Double(second), Double(sound) / Double(second))
  }

  private func frames(from start: Double, seconds: Double, step: Double = 0.02) -> [Double?] {
    stride(from: 0, to: Int((seconds / 0.02).rounded()), by: 1).map { start + Double($0) * step }
  }

  @Test func soundOnTimeIsLeftAlone() {
    let (silence, sound) = play(frames(from: 0, seconds: 2))
    #expect(silence == 0 && abs(sound - 2) < 1e-6)
  }

  @Test func roundedTimestampsAreLeftAlone() {
    let times = frames(from: 0, seconds: 5).map { $0.map { ($0 * 1000 / 23).rounded() * 23 / 1000 } }
    #expect(play(times) == play(frames(from: 0, seconds: 5)))
  }

  @Test func gapIsFilled() {
    let (silence, sound) = play(frames(from: 0, seconds: 1) + frames(from: 1.5, seconds: 1))
    #expect(abs(silence - 0.5) < 1e-6 && abs(sound - 2) < 1e-6)
  }

  @Test func gapBeforeTimestampsHaveProvenThemselvesIsNot() {
    #expect(play(frames(from: 0, seconds: 0.2) + frames(from: 0.5, seconds: 1)).silence == 0)
  }

  @Test func codecThatPausesNeedsNoProof() {
    let speech = frames(from: 0, seconds: 0.2) + frames(from: 0.5, seconds: 1)
    #expect(abs(play(speech, .init(codecPauses: true)).silence - 0.3) < 1e-6)
  }

  @Test func timestampsThatRunTooFastAreNotBelieved() {
    let (silence, sound) = play(frames(from: 0, seconds: 60, step: 0.12))
    #expect(silence == 0 && abs(sound - 60) < 1e-6)
  }

  @Test func overlapIsTrimmed() {
    let (silence, sound) = play(frames(from: 0, seconds: 3) + frames(from: 2.5, seconds: 1))
    #expect(silence == 0 && abs(sound - 3.5) < 0.05)
  }

  @Test func timestampsThatRunTooSlowAreNotBelieved() {
    let proven = frames(from: 0, seconds: 1)
    let (_, sound) = play(proven + frames(from: 1, seconds: 60, step: 0.01))
    #expect(sound > 58)
  }

  @Test func jumpIsFollowedButNotFilled() {
    let (silence, sound) = play(
      frames(from: 0, seconds: 15) + frames(from: 4000, seconds: 15) + frames(from: 4015.5, seconds: 1))
    #expect(abs(silence - 0.5) < 1e-6 && abs(sound - 31) < 1e-6)
  }

  @Test func jumpsOneAfterTheOtherEndAllTrust() {
    let times = frames(from: 10, seconds: 0.02) + frames(from: 0, seconds: 2) + frames(from: 3, seconds: 2)
    #expect(play(times).silence == 0)
  }

  @Test func silenceNeverGrowsFarBeyondTheSound() {
    let times = (0..<200).map { Double($0) * 5 }
    #expect(play(times, .init(codecPauses: true)).silence < 20)
  }

  @Test func lateStartIsKept() {
    let clock = Timeline.Clock(ownStart: 2 * second, othersStart: second, declared: 100 * second)
    #expect(abs(play(frames(from: 2, seconds: 1), clock).silence - 1) < 1e-6)
  }

  @Test func lateStartBeyondTheDeclaredDurationIsNot() {
    let clock = Timeline.Clock(ownStart: 30 * second, othersStart: 0, declared: 3 * second)
    #expect(play(frames(from: 30, seconds: 1), clock).silence == 0)
  }

  @Test func earlyStartIsNotCut() {
    let clock = Timeline.Clock(ownStart: 0, othersStart: second)
    #expect(play(frames(from: 0, seconds: 1), clock) == play(frames(from: 0, seconds: 1)))
  }

  @Test func delayOfTheDecoderIsNoLateStart() {
    let clock = Timeline.Clock(ownStart: 0, othersStart: 0)
    #expect(play(frames(from: 0.093, seconds: 1), clock).silence == 0)
  }

  @Test func containerThatOnlyCountsTeachesNothing() {
    let clock = Timeline.Clock(storesTimes: false, ownStart: second, othersStart: 0)
    #expect(play(frames(from: 1, seconds: 1) + frames(from: 5, seconds: 1), clock).silence == 0)
  }

  @Test func changeOfRateAsksForNewProof() {
    var timeline = Timeline(.init())
    for index in 0..<100 { _ = timeline.place(start: Int64(index) * second / 50, length: second / 50) }
    timeline.rateChanges()
    #expect(timeline.place(start: 3 * second, length: second / 50) == .init())
  }

  @Test func absurdTimesNeverOverflow() {
    for time in [Int64.min, .max, .min + 1, .max - 1, 1 << 60, -(1 << 60)] {
      var timeline = Timeline(.init(ownStart: time, othersStart: time, declared: time))
      for start in [Int64.min, .max, 0, 1 << 60, -(1 << 60), nil] {
        #expect(timeline.place(start: start, length: second).trim == 0)
      }
    }
  }
}
