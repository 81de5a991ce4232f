import AuthService
import Hummingbird

/// `GET /metrics`: for Prometheus, in its text format 0.0.4.
struct MetricsRoute: Sendable {
  let spool: SpoolMetrics
  /// All of this process's metrics as text.
  let exposition: @Sendable () -> String

  func add(to router: Router<GatewayContext>) {
    router.get("metrics") { _, _ in
      await spool.measure()
      return Response.text(exposition(), type: "text/plain; version=0.0.4; charset=utf-8")
    }
  }
}
