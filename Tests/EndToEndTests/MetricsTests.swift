import Foundation
import Testing

struct MetricsTests {
  @Test func whatIsInTheSpoolIsMeasured() async throws {
    try await withService { service in
      let scratch = service.scratch
      let done = try await service.upload(try scratch.video("talk.mp4", seconds: 2))
      let failed = try await service.upload(try scratch.write("bad.mp4", "no video".utf8))
      for fid in [done, failed] { _ = try await service.ended(fid) }
      let metrics = try await eventually("metrics of both jobs") {
        let text = try await service.request("/metrics", token: nil).text
        let isCurrent = text.contains("mp3spool_jobs{state=\"done\"} 1\n") && text.contains("state=\"failed\"} 1\n")
        return isCurrent ? text : nil
      }
      let size = try #require(try await service.job(done).size)
      for line in [
        "mp3spool_jobs{state=\"waiting\"} 0", "mp3spool_jobs{state=\"active\"} 0", "mp3spool_hosts{state=\"alive\"} 1",
        "mp3spool_hosts{state=\"dead\"} 0", "mp3spool_oldest_waiting_job_age_seconds 0", "mp3spool_spool_reachable 1",
        "mp3spool_conversions_total{outcome=\"done\"} 1", "mp3spool_conversion_speed_ratio_count 1",
        "mp3spool_converted_source_bytes_total \(size)",
      ] { #expect(metrics.contains("\n\(line)\n"), "\(line) is not in \(metrics)") }
      for name in [
        "mp3spool_spool_free_bytes", "mp3spool_mp3_bytes_total", "mp3spool_fsync_duration_seconds_count",
        "mp3spool_converted_audio_seconds_total",
      ] {
        let line = try #require(metrics.split(separator: "\n").first { $0.hasPrefix("\(name) ") }, "\(name)")
        #expect(try #require(line.split(separator: " ").last.flatMap { Double($0) }) > 0, "\(line)")
      }
    }
  }

  /// An alert on a metric of another name never goes off.
  @Test func alertsAreOnMetricsThatThereAre() async throws {
    let rules = try String(contentsOf: Self.monitoring.appending(path: "alerts.yaml"), encoding: .utf8)
    let named = Set(rules.matches(of: /mp3spool_[a-z_]+/).map { String($0.output) })
    #expect(named.count > 8)
    try await withService { service in
      _ = try await service.ended(try await service.upload(try service.scratch.video("talk.mp4", seconds: 0.5)))
      let metrics = try await service.request("/metrics", token: nil).text
      let there = Set(metrics.matches(of: /mp3spool_[a-z_]+/).map { String($0.output) })
      #expect(named.subtracting(there) == [])
    }
  }

  @Test(.enabled(if: Tool.isThere("promtool"), "promtool is not installed"))
  func prometheusReadsTheAlerts() async throws {
    let alerts = Self.monitoring.appending(path: "alerts.yaml").path
    try await withScratch { scratch in
      let outcome = try await scratch.launch("promtool", ["check", "rules", alerts]).outcome()
      #expect(outcome.status == 0, "\(outcome)")
    }
  }

  private static let monitoring = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "etc/monitoring")
}
