/// How far a conversion is.
public struct ConversionProgress: Sendable, Equatable {
  /// How much of the source's time was decoded.
  public let position: Duration
  /// From 0 to 1; nil where the source does not say how long it is.
  public let fraction: Double?
  /// Seconds of audio per second.
  public let speed: Double

  /// How much longer it will take; nil where the source does not say how long it is.
  public var timeLeft: Duration? {
    guard let fraction, fraction > 0, speed > 0 else { return nil }
    return position * ((1 - fraction) / fraction / speed)
  }
}

/// Makes progress of positions.
struct ProgressMeter {
  private let start = ContinuousClock.now

  /// - Parameter declared: how long the source says that it is; a lie gives a wrong bar and nothing worse.
  func at(_ position: Duration, of declared: Duration?) -> ConversionProgress {
    let elapsed = max(ContinuousClock.now - start, .milliseconds(1))
    let fraction = declared.flatMap { $0 > .zero ? min(1, max(0, position / $0)) : nil }
    return ConversionProgress(position: position, fraction: fraction, speed: position / elapsed)
  }
}
