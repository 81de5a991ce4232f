import CoreMetrics
import Telemetry
import Testing

/// How series come, count and go.
@Suite struct SeriesTests {
  let registry = PrometheusRegistry()

  @Test func aCounterNeverFalls() {
    let whole = Counter(label: "n", factory: registry)
    whole.increment(by: 3)
    whole.increment(by: -2)
    let fractions = FloatingPointCounter(label: "n", factory: registry)
    for amount in [-1, .nan, .infinity, 0.5] { fractions.increment(by: amount) }
    #expect(registry.lines.last == "n_total 3.5")
  }

  @Test func aResetCounterStartsAgain() {
    let counter = Counter(label: "n", factory: registry)
    counter.increment(by: 3)
    counter.reset()
    counter.increment()
    #expect(registry.lines.last == "n_total 1")
  }

  @Test func aGaugeRisesAndFalls() {
    let meter = Meter(label: "level", factory: registry)
    meter.set(5)
    meter.increment(by: 2.5)
    meter.decrement()
    meter.increment(by: Double.nan)
    meter.decrement(by: Double.infinity)
    #expect(registry.lines.last == "level 6.5")
  }

  @Test func aHistogramLeavesOutWhatWouldSpoilItsSum() {
    let recorder = Recorder(label: "speed", factory: registry)
    for value in [Double.nan, .infinity, -.infinity, 4] { recorder.record(value) }
    #expect(registry.lines.suffix(2) == ["speed_sum 4", "speed_count 1"])
  }

  @Test func timeNeverRunsBackwards() {
    let timer = Timer(label: "wait", factory: registry)
    timer.recordSeconds(2)
    timer.recordSeconds(-1)
    #expect(registry.lines.suffix(2) == ["wait_seconds_sum 2", "wait_seconds_count 2"])
    #expect(registry.lines[1] == #"wait_seconds_bucket{le="0.005"} 1"#)
  }

  @Test func theLongestTimeIsCountedToo() {
    Timer(label: "wait", factory: registry).recordSeconds(Int64.max)
    #expect(registry.lines.suffix(2) == ["wait_seconds_sum 9223372036.854776", "wait_seconds_count 1"])
  }

  @Test func aDestroyedSeriesGoesAndItsFamilyWithTheLast() {
    let one = Counter(label: "n", dimensions: [("job", "1")], factory: registry)
    let two = Counter(label: "n", dimensions: [("job", "2")], factory: registry)
    one.destroy()
    #expect(registry.lines == ["# TYPE n_total counter", #"n_total{job="2"} 0"#])
    two.destroy()
    #expect(registry.exposition() == "")
  }

  @Test func everyKindCanBeDestroyed() {
    FloatingPointCounter(label: "a", factory: registry).destroy()
    Meter(label: "b", factory: registry).destroy()
    Recorder(label: "c", factory: registry).destroy()
    Gauge(label: "d", factory: registry).destroy()
    Timer(label: "e", factory: registry).destroy()
    #expect(registry.exposition() == "")
  }

  @Test func anotherKindMayTakeAFreedName() {
    Recorder(label: "x", factory: registry).destroy()
    Meter(label: "x_sum", factory: registry).set(1)
    #expect(registry.families == ["x_sum gauge"])
  }

  @Test func destroyingTwiceSparesTheSuccessor() {
    let first = Counter(label: "n", factory: registry)
    first.destroy()
    Counter(label: "n", factory: registry).increment()
    first.destroy()
    #expect(registry.lines.last == "n_total 1")
  }

  @Test func handlersOfOthersAreNotOursToDestroy() {
    let other = PrometheusRegistry()
    Counter(label: "n", factory: registry).increment()
    registry.destroyCounter(NOOPMetricsHandler.instance)
    registry.destroyCounter(other.makeCounter(label: "n", dimensions: []))
    #expect(registry.lines.last == "n_total 1")
  }

  @Test func tooManyLabelSetsShareOneSeries() {
    let registry = PrometheusRegistry(seriesLimit: 2)
    for method in ["GET", "PUT", "X1", "X2", "GET", "X3"] {
      Counter(label: "n", dimensions: [("method", method)], factory: registry).increment()
    }
    Counter(label: "other", dimensions: [("method", "X1")], factory: registry).increment()
    #expect(
      registry.exposition() == """
        # TYPE n_total counter
        n_total{method="GET"} 2
        n_total{method="PUT"} 1
        n_total{overflow="true"} 3
        # TYPE other_total counter
        other_total{method="X1"} 1

        """)
  }

  @Test func theOverflowSeriesOutlivesItsUsersAndAFreedPlaceIsTaken() {
    let registry = PrometheusRegistry(seriesLimit: 1)
    let kept = Counter(label: "n", dimensions: [("job", "1")], factory: registry)
    let surplus = Counter(label: "n", dimensions: [("job", "2")], factory: registry)
    surplus.increment()
    surplus.destroy()
    kept.destroy()
    Counter(label: "n", dimensions: [("job", "3")], factory: registry).increment()
    #expect(registry.lines == ["# TYPE n_total counter", #"n_total{job="3"} 1"#, #"n_total{overflow="true"} 1"#])
  }
}
