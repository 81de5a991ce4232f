import Catalog
import Metrics

/// What the metrics say of notices; names by Prometheus' conventions.
struct DeliveryMetrics: Sendable {
  private let waiting = Gauge(label: "mp3spool_deliveries_waiting")

  /// Counts a try. One that failed is tried again.
  func tried(_ kind: Delivery.Kind, _ verdict: DeliveryOutcome.Verdict) {
    Counter(
      label: "mp3spool_deliveries_total", dimensions: [("kind", kind.rawValue), ("outcome", outcome(verdict))]
    ).increment()
  }

  /// Tells how many deliveries wait, those that wait to be tried again among them.
  func tell(waiting count: Int) { waiting.record(count) }

  private func outcome(_ verdict: DeliveryOutcome.Verdict) -> String {
    switch verdict {
    case .delivered: "delivered"
    case .again: "failed"
    case .givenUp: "given-up"
    }
  }
}
