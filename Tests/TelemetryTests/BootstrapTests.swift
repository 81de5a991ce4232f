import CoreMetrics
import Telemetry
import Testing

@Test func theProcessHasOneRegistryAndItsMetricsEndUpThere() {
  let registry = Telemetry.metrics
  #expect(Telemetry.metrics === registry)
  let counter = Counter(label: "mp3spool.bootstrap.test")
  counter.increment()
  #expect(registry.lines.contains("mp3spool_bootstrap_test_total 1"))
  counter.destroy()
  #expect(!registry.families.contains("mp3spool_bootstrap_test_total counter"))
}
