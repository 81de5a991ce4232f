import Spool

/// How far a conversion is.
public struct ConversionProgress: Sendable, Equatable {
  /// How much of the source's time was decoded.
  public let position: Duration
  /// From 0 to 1; nil where the source does not say how long it is.
  public let fraction: Double?
  /// Seconds of audio per second.
  public let speed: Double
  /// How much longer it will take; nil where the source does not say how long it is.
  public let timeLeft: Duration?

  /// The same for the job's own files.
  var forJob: JobProgress {
    JobProgress(
      position: position / .seconds(1), fraction: fraction, speed: speed, timeLeft: timeLeft.map { $0 / .seconds(1) })
  }
}

/// Makes progress of positions.
///
/// A conversion may decode more than once: to measure the loudness, and for each of several tracks. Each pass has its
/// share of the whole.
struct ProgressMeter {
  private let begin: ContinuousClock.Instant
  private var pass: (begin: ContinuousClock.Instant, share: Range<Double>)

  /// Measuring is so much of the time that measuring and encoding take.
  static let measuringShare = 0.2

  init(now: ContinuousClock.Instant = .now) {
    begin = now
    pass = (now, 0..<1)
  }

  /// What follows is the part `share` of the whole.
  mutating func enter(_ share: Range<Double>, now: ContinuousClock.Instant = .now) { pass = (now, share) }

  /// - Parameter declared: how long the source says that it is; a lie gives a wrong bar and nothing worse.
  func at(
    _ position: Duration, of declared: Duration?, now: ContinuousClock.Instant = .now
  ) -> ConversionProgress {
    let passed = declared.flatMap { $0 > .zero ? min(1, max(0, position / $0)) : nil }
    let fraction = passed.map { pass.share.lowerBound + $0 * (pass.share.upperBound - pass.share.lowerBound) }
    let timeLeft = fraction.flatMap { $0 > 0 ? (now - begin) * ((1 - $0) / $0) : nil }
    return ConversionProgress(
      position: position, fraction: fraction, speed: position / max(now - pass.begin, .milliseconds(1)),
      timeLeft: timeLeft)
  }
}

extension Range<Double> {
  /// The `index`th of `count` equal parts.
  func part(_ index: Int, of count: Int) -> Range<Double> {
    let size = (upperBound - lowerBound) / Double(count)
    return lowerBound + Double(index) * size..<lowerBound + Double(index + 1) * size
  }

  /// It is cut in two at the fraction `point` of it.
  func split(at point: Double) -> (Range<Double>, Range<Double>) {
    let middle = lowerBound + (upperBound - lowerBound) * point
    return (lowerBound..<middle, middle..<upperBound)
  }
}
