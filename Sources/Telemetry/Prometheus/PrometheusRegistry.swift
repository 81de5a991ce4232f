public import CoreMetrics
import Synchronization

/// Where swift-metrics' counters, meters, recorders and timers end up, and what `GET /metrics` shows of them.
///
/// A label becomes a name that Prometheus takes, with its conventions: counters end in `_total`, timers are histograms
/// in `_seconds`. An aggregating recorder is a histogram whose buckets suit the unit that ends its name (`_seconds`,
/// `_bytes` or none); a recorder that does not aggregate, and a meter, is a gauge. Our own labels begin with
/// `mp3spool.`. Where another kind has taken a name already, the later metric's name gets its kind as an ending.
///
/// Objects of equal name and dimensions share one series. When one of them is destroyed the series goes, and a later
/// one of the same name starts from zero, which Prometheus takes for a restart. Any thread may use everything here at
/// any time.
public final class PrometheusRegistry: MetricsFactory, Sendable {
  /// The media type of an exposition, for the `Content-Type` of the response.
  public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  private let table: Mutex<FamilyTable>

  /// Makes a registry without any series.
  ///
  /// - Parameter seriesLimit: how many sets of labels one name may have. All later ones share a series with the label
  ///   `overflow="true"`, so that labels which strangers choose cannot take all memory.
  public init(seriesLimit: Int = 500) {
    table = Mutex(FamilyTable(seriesLimit: seriesLimit))
  }

  /// Every series and its value now, in Prometheus' text format 0.0.4, ordered by name and then by labels.
  ///
  /// A histogram's lines agree with one another; those of different series may be some microseconds apart.
  public func exposition() -> String {
    var text = ExpositionText()
    for (family, series) in table.withLock({ $0.inOrder() }) {
      text.type(of: family)
      for one in series { one.write(to: &text) }
    }
    return text.text
  }

  /// A counter, whose name ends in `_total`.
  public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    counter(label, dimensions)
  }

  /// A counter as `makeCounter` makes it, which keeps fractions too.
  public func makeFloatingPointCounter(
    label: String, dimensions: [(String, String)]
  ) -> any FloatingPointCounterHandler {
    counter(label, dimensions)
  }

  /// A gauge.
  public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    gauge(label, dimensions)
  }

  /// A histogram, or a gauge where `aggregate` is false.
  public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
    aggregate ? histogram(label.asMetricName, dimensions) : gauge(label, dimensions)
  }

  /// A histogram in seconds, whose name ends in `_seconds`, whatever display unit is asked for.
  public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    histogram(label.asMetricName.ending(in: "_seconds"), dimensions)
  }

  /// Takes the counter's series out of the exposition.
  public func destroyCounter(_ handler: any CounterHandler) { remove(handler) }

  /// Takes the counter's series out of the exposition.
  public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }

  /// Takes the meter's series out of the exposition.
  public func destroyMeter(_ handler: any MeterHandler) { remove(handler) }

  /// Takes the recorder's series out of the exposition.
  public func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }

  /// Takes the timer's series out of the exposition.
  public func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

  private func counter(_ label: String, _ dimensions: [(String, String)]) -> CounterSeries {
    series(label.asMetricName.ending(in: "_total"), dimensions, make: CounterSeries.init)
  }

  private func gauge(_ label: String, _ dimensions: [(String, String)]) -> GaugeSeries {
    series(label.asMetricName, dimensions, make: GaugeSeries.init)
  }

  private func histogram(_ name: String, _ dimensions: [(String, String)]) -> HistogramSeries {
    series(name, dimensions) { HistogramSeries($0, bounds: Buckets.bounds(for: name)) }
  }

  private func series<S: Series>(_ name: String, _ dimensions: [(String, String)], make: (SeriesID) -> S) -> S {
    let labels = LabelSet(dimensions)
    return table.withLock { $0.series(name, labels, make: make) }
  }

  /// Handlers of another factory are not ours to destroy.
  private func remove(_ handler: any Sendable) {
    guard let series = handler as? any Series else { return }
    table.withLock { $0.remove(series) }
  }
}
