import CoreMetrics
import Telemetry
import Testing

/// What becomes of names and labels that Prometheus would not take.
@Suite struct NamingTests {
  let registry = PrometheusRegistry()

  @Test(arguments: [
    ("mp3spool.jobs", "mp3spool_jobs"), ("a:b-c d", "a_b_c_d"), ("9lives", "_9lives"), ("", "_"), ("naïve", "na_ve"),
    ("٣", "_"), ("a\r\nb", "a__b"), ("Kept_As_Is9", "Kept_As_Is9"),
  ])
  func namesKeepOnlyWhatPrometheusTakes(label: String, name: String) {
    Meter(label: label, factory: registry).set(1)
    #expect(registry.families == ["\(name) gauge"])
  }

  @Test func unitsAreAddedOnlyOnce() {
    Counter(label: "errors_total", factory: registry).increment()
    Timer(label: "wait.seconds", factory: registry).recordSeconds(1)
    #expect(registry.families == ["errors_total counter", "wait_seconds histogram"])
  }

  @Test(arguments: [
    (#"a\b"#, #"a\\b"#), (#"say "hi""#, #"say \"hi\""#), ("a\nb", #"a\nb"#), ("a\r\nb", "a\r" + #"\nb"#),
    ("\"\u{301}", "\\\"\u{301}"), ("Ж}{,=", "Ж}{,="),
  ])
  func labelValuesAreEscaped(value: String, escaped: String) {
    Meter(label: "level", dimensions: [("name", value)], factory: registry).set(1)
    #expect(Array(registry.exposition().utf8) == Array("# TYPE level gauge\nlevel{name=\"\(escaped)\"} 1\n".utf8))
  }

  @Test(arguments: [
    ("http.route", "http_route"), ("le", "exported_le"), ("__name__", "exported___name__"), ("..x", "exported___x"),
    ("_x", "_x"), ("1st", "_1st"), ("", "_"),
  ])
  func labelNamesKeepOnlyWhatPrometheusTakes(dimension: String, name: String) {
    Meter(label: "level", dimensions: [(dimension, "v")], factory: registry).set(1)
    #expect(registry.lines.last == "level{\(name)=\"v\"} 1")
  }

  @Test func anEmptyLabelIsNoLabel() {
    Counter(label: "n", dimensions: [("a", "")], factory: registry).increment()
    Counter(label: "n", factory: registry).increment()
    #expect(registry.lines == ["# TYPE n_total counter", "n_total 2"])
  }

  @Test func theOrderOfDimensionsDoesNotMatter() {
    Counter(label: "n", dimensions: [("a", "1"), ("b", "2")], factory: registry).increment()
    Counter(label: "n", dimensions: [("b", "2"), ("a", "1")], factory: registry).increment()
    #expect(registry.lines.last == #"n_total{a="1",b="2"} 2"#)
  }

  @Test func labelsWhoseNamesBecomeOneAreJoined() {
    Counter(label: "n", dimensions: [("a.b", "1"), ("a_b", "2")], factory: registry).increment()
    #expect(registry.lines.last == #"n_total{a_b="1;2"} 1"#)
  }

  @Test func aNameBelongsToTheKindThatTookItFirst() {
    Meter(label: "x", factory: registry).set(1)
    Recorder(label: "x", factory: registry).record(1)
    Gauge(label: "x", factory: registry).record(2)
    #expect(registry.families == ["x gauge", "x_histogram histogram"])
    #expect(registry.lines[1] == "x 2")
  }

  @Test func aHistogramsOwnLinesCollideWithNothing() {
    Meter(label: "y_count", factory: registry).set(1)
    Recorder(label: "y", factory: registry).record(1)
    Recorder(label: "z", factory: registry).record(1)
    Meter(label: "z_sum", factory: registry).set(1)
    #expect(
      registry.families == ["y_count gauge", "y_histogram histogram", "z histogram", "z_sum_gauge gauge"])
  }
}
