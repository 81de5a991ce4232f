/// When it is time to report progress: after so much media time, or after so much of ours where decoding is slow.
struct ProgressPace {
  private static let mediaSeconds = 5
  private static let pause = Duration.milliseconds(400)

  private let rate: Int
  private var last: (samples: Int, instant: ContinuousClock.Instant)

  init(rate: Int, now: ContinuousClock.Instant = .now) {
    self.rate = rate
    last = (0, now)
  }

  /// Whether to report that so many samples have been given. It never says so twice of the same number.
  mutating func isDue(after samples: Int, now: ContinuousClock.Instant = .now) -> Bool {
    guard samples > last.samples else { return false }
    guard samples - last.samples >= Self.mediaSeconds * rate || now - last.instant >= Self.pause else { return false }
    last = (samples, now)
    return true
  }
}
