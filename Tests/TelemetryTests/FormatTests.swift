import CoreMetrics
import Telemetry
import Testing

/// The exposition's text, line for line.
@Suite struct FormatTests {
  let registry = PrometheusRegistry()

  @Test func nothingRecordedIsAnEmptyText() {
    #expect(registry.exposition() == "")
  }

  @Test func everyKindHasItsTypeLineAndAllIsOrdered() {
    Meter(label: "mp3spool.jobs.running", factory: registry).set(2)
    Counter(label: "mp3spool.jobs.finished", dimensions: [("state", "failed")], factory: registry).increment()
    Counter(label: "mp3spool.jobs.finished", dimensions: [("state", "done")], factory: registry).increment(by: 41)
    FloatingPointCounter(label: "mp3spool.audio.seconds", factory: registry).increment(by: 2.75)
    Gauge(label: "mp3spool.spool.free.bytes", factory: registry).record(Int64(1) << 40)
    #expect(
      registry.exposition() == """
        # TYPE mp3spool_audio_seconds_total counter
        mp3spool_audio_seconds_total 2.75
        # TYPE mp3spool_jobs_finished_total counter
        mp3spool_jobs_finished_total{state="done"} 41
        mp3spool_jobs_finished_total{state="failed"} 1
        # TYPE mp3spool_jobs_running gauge
        mp3spool_jobs_running 2
        # TYPE mp3spool_spool_free_bytes gauge
        mp3spool_spool_free_bytes 1099511627776

        """)
  }

  @Test func aTimerIsAHistogramInSecondsWithCumulativeBuckets() {
    let timer = Timer(
      label: "http.request", dimensions: [("route", "/upload")], preferredDisplayUnit: .milliseconds, factory: registry)
    timer.recordMilliseconds(5)
    timer.recordMilliseconds(5.5)
    timer.recordSeconds(90)
    timer.recordSeconds(7200)
    #expect(
      registry.exposition() == """
        # TYPE http_request_seconds histogram
        http_request_seconds_bucket{route="/upload",le="0.005"} 1
        http_request_seconds_bucket{route="/upload",le="0.01"} 2
        http_request_seconds_bucket{route="/upload",le="0.025"} 2
        http_request_seconds_bucket{route="/upload",le="0.05"} 2
        http_request_seconds_bucket{route="/upload",le="0.1"} 2
        http_request_seconds_bucket{route="/upload",le="0.25"} 2
        http_request_seconds_bucket{route="/upload",le="0.5"} 2
        http_request_seconds_bucket{route="/upload",le="1"} 2
        http_request_seconds_bucket{route="/upload",le="2.5"} 2
        http_request_seconds_bucket{route="/upload",le="5"} 2
        http_request_seconds_bucket{route="/upload",le="10"} 2
        http_request_seconds_bucket{route="/upload",le="30"} 2
        http_request_seconds_bucket{route="/upload",le="60"} 2
        http_request_seconds_bucket{route="/upload",le="120"} 3
        http_request_seconds_bucket{route="/upload",le="300"} 3
        http_request_seconds_bucket{route="/upload",le="600"} 3
        http_request_seconds_bucket{route="/upload",le="1800"} 3
        http_request_seconds_bucket{route="/upload",le="3600"} 3
        http_request_seconds_bucket{route="/upload",le="+Inf"} 4
        http_request_seconds_sum{route="/upload"} 7290.0105
        http_request_seconds_count{route="/upload"} 4

        """)
  }

  @Test(arguments: [
    ("upload.bytes", 3_000_000.0, #"upload_bytes_bucket{le="4194304"} 1"#, #"upload_bytes_bucket{le="1048576"} 0"#),
    ("wait.seconds", 45, #"wait_seconds_bucket{le="60"} 1"#, #"wait_seconds_bucket{le="30"} 0"#),
    ("speed", 180, #"speed_bucket{le="250"} 1"#, #"speed_bucket{le="100"} 0"#),
    ("speed", -1, #"speed_bucket{le="0.1"} 1"#, "speed_sum -1"),
  ])
  func aRecordersBucketsSuitItsUnit(label: String, value: Double, first: String, second: String) {
    Recorder(label: label, factory: registry).record(value)
    #expect(Set([first, second]).isSubset(of: Set(registry.lines)))
  }

  @Test(arguments: [
    (Double.nan, "NaN"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (-0.0, "0"), (0.1, "0.1"), (-2, "-2"),
    (1e300, "1e+300"), (1e-7, "1e-07"), (9_007_199_254_740_992, "9007199254740992"),
  ])
  func numbersAreWrittenAsPrometheusReadsThem(value: Double, text: String) {
    Meter(label: "level", factory: registry).set(value)
    #expect(registry.lines == ["# TYPE level gauge", "level \(text)"])
  }

  @Test func theMediaTypeNamesTheVersionOfTheFormat() {
    #expect(PrometheusRegistry.contentType == "text/plain; version=0.0.4; charset=utf-8")
  }
}

extension PrometheusRegistry {
  /// The exposition without its line ends.
  var lines: [String] { exposition().split(separator: "\n").map(String.init) }

  /// The names on the `# TYPE` lines, with their kinds.
  var families: [String] { lines.filter { $0.hasPrefix("# TYPE ") }.map { String($0.dropFirst(7)) } }
}
