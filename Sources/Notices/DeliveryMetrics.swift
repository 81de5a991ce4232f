import Catalog
import Metrics

/// What the metrics say of notices; names by Prometheus' conventions.
struct DeliveryMetrics: Sendable {
  private let waiting = Gauge(label: "mp3spool_deliveries_waiting")

  /// Has the counters be there from the start, at 0: the first failure is an increase too.
  init() {
    for kind in Delivery.Kind.allCases {
      for outcome in ["delivered", "failed", "given-up"] { _ = Self.deliveries(kind, outcome) }
    }
  }

  private static func deliveries(_ kind: Delivery.Kind, _ outcome: String) -> Counter {
    Counter(label: "mp3spool_deliveries_total", dimensions: [("kind", kind.rawValue), ("outcome", outcome)])
  }

  /// Counts a try. One that failed is tried again.
  func tried(_ kind: Delivery.Kind, _ verdict: DeliveryOutcome.Verdict) {
    Self.deliveries(kind, outcome(verdict)).increment()
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
