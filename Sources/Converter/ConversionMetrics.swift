import Decoder
import Metrics
import Spool

/// What the metrics say of conversions; names by Prometheus' conventions.
struct ConversionMetrics: Sendable {
  private let duration = Timer(label: "mp3spool_conversion_duration_seconds")
  private let speed = Recorder(label: "mp3spool_conversion_speed_ratio")
  private let audio = FloatingPointCounter(label: "mp3spool_converted_audio_seconds_total")
  private let sources = Counter(label: "mp3spool_converted_source_bytes_total")
  private let failures = FailureCount()
  private let mp3s = Counter(label: "mp3spool_mp3_bytes_total")

  /// Counts a claim's end, and how long it took from claim to end.
  func ended(_ end: ClaimEnd, _ problem: ConversionFailure?, after time: Duration) {
    Counter(label: "mp3spool_conversions_total", dimensions: [("outcome", Self.outcome(end, problem))]).increment()
    duration.record(duration: time)
    if let problem, !problem.isCancellation { failures.failed(problem, end) }
  }

  /// Counts what was made of a source, and how much faster that was than to play it; nothing where it was not published.
  func made(_ result: JobResult, of sourceBytes: Int64, in time: Duration, _ end: ClaimEnd) {
    guard case .moved(.done, _) = end else { return }
    let seconds = result.all.reduce(0) { $0 + $1.duration }
    if time > .zero { speed.record(seconds / (time / .seconds(1))) }
    audio.increment(by: seconds)
    sources.increment(by: sourceBytes)
    mp3s.increment(by: result.all.reduce(0) { $0 + $1.byteCount })
  }

  /// What stands between a hostile file and this host, as gauges.
  static func tell(ffmpeg: FFmpegVersion, isOutdated: Bool, lacking: Int) {
    Gauge(label: "mp3spool_ffmpeg_outdated", dimensions: [("version", "\(ffmpeg)")]).record(isOutdated ? 1 : 0)
    Gauge(label: "mp3spool_jail_layers_missing").record(lacking)
  }

  static func outcome(_ end: ClaimEnd, _ problem: ConversionFailure?) -> String {
    switch end {
    case .moved(.done, _): "done"
    case .lost: "lost"
    case .quarantined, .moved:
      // Only a stop gives back a claim that did not fail.
      problem.flatMap { $0.isCancellation ? nil : $0.code } ?? "given-back"
    }
  }
}
