import Decoder
import Metrics
import Spool

/// What the metrics say of conversions; names by Prometheus' conventions.
struct ConversionMetrics: Sendable {
  private let duration = Timer(label: "mp3spool_conversion_duration_seconds")

  /// Counts a claim's end, and how long it took from claim to end.
  func ended(_ end: ClaimEnd, _ problem: ConversionFailure?, after time: Duration) {
    Counter(label: "mp3spool_conversions_total", dimensions: [("outcome", outcome(end, problem))]).increment()
    duration.record(duration: time)
  }

  /// What stands between a hostile file and this host, as gauges.
  static func tell(ffmpeg: FFmpegVersion, isOutdated: Bool, lacking: Int) {
    Gauge(label: "mp3spool_ffmpeg_outdated", dimensions: [("version", "\(ffmpeg)")]).record(isOutdated ? 1 : 0)
    Gauge(label: "mp3spool_jail_layers_missing").record(lacking)
  }

  private func outcome(_ end: ClaimEnd, _ problem: ConversionFailure?) -> String {
    switch end {
    case .moved(.done, _): "done"
    case .lost: "lost"
    case .quarantined, .moved: problem?.code ?? "given-back"
    }
  }
}
