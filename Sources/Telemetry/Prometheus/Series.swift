import CoreMetrics
import Synchronization

/// What stands behind one swift-metrics object: it takes values from any thread and writes its lines.
protocol Series: AnyObject, Sendable {
  static var kind: MetricKind { get }
  var id: SeriesID { get }
  func write(to text: inout ExpositionText)
}

/// A sum that only grows, until the process ends or it is reset.
///
/// Kept as a `Double`, as Prometheus does: whole numbers are exact up to 2⁵³.
final class CounterSeries: Series, CounterHandler, FloatingPointCounterHandler {
  static let kind = MetricKind.counter
  let id: SeriesID
  private let value = Atomic(0.0)

  init(_ id: SeriesID) { self.id = id }

  func increment(by amount: Int64) { increment(by: Double(amount)) }

  /// Adds `amount`; what would make a counter fall, or end its use, is left out.
  func increment(by amount: Double) {
    guard amount > 0, amount.isFinite else { return }
    value.add(amount)
  }

  func reset() { value.store(0, ordering: .relaxed) }

  func write(to text: inout ExpositionText) {
    text.sample(id.family.name, id.labels, value.load(ordering: .relaxed))
  }
}

/// A value that rises and falls, such as the jobs under way or the bytes that are free.
final class GaugeSeries: Series, MeterHandler, RecorderHandler {
  static let kind = MetricKind.gauge
  let id: SeriesID
  private let value = Atomic(0.0)

  init(_ id: SeriesID) { self.id = id }

  func set(_ value: Int64) { set(Double(value)) }
  func set(_ value: Double) { self.value.store(value, ordering: .relaxed) }
  func record(_ value: Int64) { set(Double(value)) }
  func record(_ value: Double) { set(value) }

  /// Adds `amount`; an infinite one, or NaN, is left out, since no later step could undo it.
  func increment(by amount: Double) {
    guard amount.isFinite else { return }
    value.add(amount)
  }

  func decrement(by amount: Double) { increment(by: -amount) }

  func write(to text: inout ExpositionText) {
    text.sample(id.family.name, id.labels, value.load(ordering: .relaxed))
  }
}

/// How many values fell into each bucket, and their sum.
final class HistogramSeries: Series, RecorderHandler, TimerHandler {
  /// What a scrape must see as of one moment; hence a lock and not one atomic word for each.
  private struct Tally {
    /// One for each bound, and the last for what is above them all.
    var counts: [Int]
    var sum = 0.0
  }

  static let kind = MetricKind.histogram
  let id: SeriesID
  private let bounds: [Double]
  private let tally: Mutex<Tally>

  /// - Parameter bounds: the buckets' upper bounds, which belong to the bucket, in rising order.
  init(_ id: SeriesID, bounds: [Double]) {
    self.id = id
    self.bounds = bounds
    tally = Mutex(Tally(counts: Array(repeating: 0, count: bounds.count + 1)))
  }

  /// A clock that went backwards counts as no time at all, so that the sum never falls.
  func recordNanoseconds(_ duration: Int64) { record(Double(max(duration, 0)) / 1e9) }

  func record(_ value: Int64) { record(Double(value)) }

  /// Counts `value`; an infinite one, or NaN, is left out, since the sum would never recover.
  func record(_ value: Double) {
    guard value.isFinite else { return }
    let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
    tally.withLock {
      $0.counts[bucket] += 1
      $0.sum += value
    }
  }

  /// The buckets are cumulative, and the last of them, up to infinity, equals the count.
  func write(to text: inout ExpositionText) {
    let name = id.family.name
    let tally = tally.withLock { $0 }
    var count = 0
    for (bound, more) in zip(bounds + [.infinity], tally.counts) {
      count += more
      text.sample(name + "_bucket", id.labels.upTo(bound), Double(count))
    }
    text.sample(name + "_sum", id.labels, tally.sum)
    text.sample(name + "_count", id.labels, Double(count))
  }
}

/// The fixed upper bounds of histograms, chosen by the unit at the end of a metric's name.
enum Buckets {
  /// Seconds, from a request (5 ms) to a long conversion (1 h).
  static let durations: [Double] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600,
  ]
  /// Bytes, from 1 KiB to 64 GiB, each bound four times the one before.
  static let sizes: [Double] = (5...18).map { Double(1 << (2 * $0)) }
  /// Everything else: ratios, numbers of pieces, kilobits.
  static let amounts: [Double] = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000]

  static func bounds(for name: String) -> [Double] {
    if name.hasSuffix("_seconds") { return durations }
    return name.hasSuffix("_bytes") ? sizes : amounts
  }
}

extension Atomic where Value == Double {
  fileprivate borrowing func add(_ amount: Double) {
    var old = load(ordering: .relaxed)
    while true {
      let (exchanged, original) = weakCompareExchange(expected: old, desired: old + amount, ordering: .relaxed)
      if exchanged { return }
      old = original
    }
  }
}
