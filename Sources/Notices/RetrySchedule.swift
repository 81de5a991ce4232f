public import Foundation

/// When a delivery that failed is tried again: after growing pauses, over a day in all. Then it is given up.
public struct RetrySchedule: Sendable, Equatable {
  /// In seconds. Together they are 23 h 36 min.
  public static let pauses: [Double] = [10, 60, 300, 1800, 3600, 7200, 14_400, 28_800, 28_800]
  /// Each pause is up to so much longer or shorter, so that what failed together does not come again together.
  public static let jitter = 0.1

  public init() {}

  /// - Parameters:
  ///   - tries: how many there were, this one included.
  ///   - random: from -1 to 1.
  /// - Returns: nil where there were enough.
  public func next(
    after tries: Int, now: Date, random: Double = .random(in: -1...1)
  ) -> Date? {
    guard Self.pauses.indices.contains(tries - 1) else { return nil }
    return now.addingTimeInterval(Self.pauses[tries - 1] * (1 + Self.jitter * random))
  }
}
