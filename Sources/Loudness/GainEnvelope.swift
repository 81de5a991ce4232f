import Glibc

/// How a limiter moves its gain: down before a peak, so that it is there in time, and slowly up after it.
///
/// Each sample says how much gain it bears, 1 at most. Three steps follow: the least of a window of these; a gain that goes
/// down with it at once, and up slowly; its average over a window as long, as two averages over half of it. Whatever is
/// averaged for a sample was the least of a window with this sample in it, so that the average is never more than the sample
/// bears, and there is neither overshoot nor step.
struct GainEnvelope: Sendable {
  /// The samples by which the gain that comes out is behind what went in.
  let delay: Int

  private var least: SlidingMinimum
  private var gain = 1.0
  /// The part of the way back to 1 that the gain goes up with each sample.
  private let release: Double
  private var attack, smoothing: MovingSum
  /// What the sum of the sums is where the gain is 1.
  private let unity: Double
  /// The samples that are averaged.
  private let averaged: Int
  /// The samples since the gain before averaging was less than 1.
  private var settled: Int

  /// The look-ahead: short enough not to be heard before a beat, long enough that low notes are not bent.
  private static let lookAhead = 0.005
  /// The time constant of going up again.
  private static let recovery = 0.1
  /// A peak between samples depends on those around it: that many before and after it get the same gain.
  private static let margin = 4

  init(sampleRate: Int) {
    let half = max(1, Int(Self.lookAhead * Double(sampleRate) / 2))
    attack = MovingSum(length: half, of: MovingSum.one)
    smoothing = MovingSum(length: half, of: MovingSum.one * Int64(half))
    averaged = 2 * half - 1
    least = SlidingMinimum(length: averaged + 2 * Self.margin + 1)
    delay = averaged + Self.margin - 1
    release = 1 - exp(-1 / (Self.recovery * Double(sampleRate)))
    unity = Double(MovingSum.one) * Double(half * half)
    settled = averaged
  }

  /// Whether the gain is 1, and stays there as long as nothing bears less.
  var isAtRest: Bool { settled >= averaged }

  /// Takes what the next sample bears, and gives the gain of the sample `delay` before.
  mutating func next(_ bearable: Float) -> Float {
    let risen = gain + (1 - gain) * release
    // The last millionth would take seconds.
    gain = min(Double(least.next(bearable)), risen > 0.999_999 ? 1 : risen)
    settled = gain < 1 ? 0 : settled + 1
    let sum = smoothing.next(attack.next(Int64(gain * Double(MovingSum.one))))
    return Float(Double(sum) / unity)
  }
}

/// The sum of the last numbers. They are whole, so that no rounding piles up however many pass.
struct MovingSum: Sendable {
  private var numbers: [Int64]
  private var oldest = 0
  private var sum: Int64

  /// What stands for 1: fine enough for a gain, and small enough that the sums of the sums fit at any sample rate.
  static let one: Int64 = 1 << 30

  /// Starts with `length` times `number`.
  init(length: Int, of number: Int64) {
    numbers = [Int64](repeating: number, count: length)
    sum = number * Int64(length)
  }

  mutating func next(_ number: Int64) -> Int64 {
    sum += number - numbers[oldest]
    numbers[oldest] = number
    oldest = oldest + 1 == numbers.count ? 0 : oldest + 1
    return sum
  }
}

/// The least of the last numbers.
struct SlidingMinimum: Sendable {
  let length: Int
  /// A ring of those that are less than all after them, with the time of each: the first is the least.
  private var values: [Float]
  private var times: [Int]
  private var first = 0
  private var count = 0
  private var now = 0

  init(length: Int) {
    self.length = length
    values = [Float](repeating: 0, count: length)
    times = [Int](repeating: 0, count: length)
  }

  mutating func next(_ value: Float) -> Float {
    now += 1
    if count > 0 && times[first] <= now - length { dropFirst() }
    while count > 0 && values[slot(count - 1)] >= value { count -= 1 }
    let last = slot(count)
    (values[last], times[last]) = (value, now)
    count += 1
    return values[first]
  }

  private mutating func dropFirst() {
    first = slot(1)
    count -= 1
  }

  private func slot(_ offset: Int) -> Int {
    let index = first + offset
    return index < length ? index : index - length
  }
}
