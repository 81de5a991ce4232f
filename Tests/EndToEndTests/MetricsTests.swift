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
        let isCurrent =
          text.contains("mp3spool_jobs{state=\"done\"} 1\n") && text.contains("state=\"failed\"} 1\n")
          && text.contains("mp3spool_conversions_total{outcome=\"done\"} 1\n")  // a moment after its job is done
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

  /// An alert on a metric of another name never goes off, and a panel stays empty.
  @Test func alertsAndDashboardAreOnMetricsThatThereAre() async throws {
    let named = try Set(
      ["alerts.yaml", "dashboard.json"].flatMap { file in
        try Monitoring.queries(in: file).joined(separator: "\n")
          .matches(of: /\b(?:mp3spool|http_server|hb|process)_[a-z0-9_]+/).map { String($0.output) }
      })
    #expect(named.count > 25)
    try await withService { service in
      _ = try await service.ended(try await service.upload(try service.scratch.video("talk.mp4", seconds: 0.5)))
      let metrics = try await service.request("/metrics", token: nil).text
      let there = Set(metrics.matches(of: /(?m)^[a-z][a-z0-9_]+(?=[{ ])/).map { String($0.output) })
      #expect(named.subtracting(there) == [], "\(there.sorted())")
    }
  }

  /// The dashboard is of no machine: whoever imports it chooses the data source.
  @Test func theDashboardNamesNoMachine() throws {
    let dashboard = try JSONDecoder().decode(
      Monitoring.Dashboard.self, from: Data(Monitoring.text(of: "dashboard.json").utf8))
    #expect(dashboard.title == "mp3spool" && dashboard.schemaVersion >= 39)
    let rows = dashboard.panels.filter { $0.type == "row" }.map(\.title)
    #expect(rows == ["Queue", "Conversions", "Failures", "HTTP", "Hosts", "Disk"])
    for panel in dashboard.panels where panel.type != "row" {
      #expect(panel.datasource?.uid == "${datasource}" && panel.targets?.isEmpty == false, "\(panel.title)")
    }
  }

  /// A host that only converts has no gateway, and its decoders may die nevertheless.
  @Test func aConverterAloneTellsItsMetrics() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      let gateway = try await Service.start(in: scratch, ["gateway"])
      let work = try await Service.start(in: scratch, ["work"], ["MP3SPOOL_METRICS_LISTEN": "127.0.0.1:0"])
      let before = try await scratch.curl(work.metrics + "/metrics")
      #expect(before.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
      #expect(before.text.contains("mp3spool_decoder_deaths_total{cause=\"memory-fault\"} 0\n"))
      _ = try await gateway.ended(try await gateway.upload(try scratch.write("none.mp4", "nothing".utf8)))
      try await eventually("a count of the failure") {
        try await scratch.curl(work.metrics + "/metrics").text.contains(
          "mp3spool_conversion_failures_total{outcome=\"failed\",reason=\"not-media\"} 1\n")
      }
      #expect(try await scratch.curl(work.metrics + "/healthz").text == "ok")
      #expect(try await scratch.curl(work.metrics + "/jobs").status == 404)
      for service in [work, gateway] { #expect(await service.stop().status == 0) }
    }
  }

  /// Who asks for what is not there, or in other words, makes no series of it.
  @Test func strangersMakeNoLabels() async throws {
    try await withService { service in
      for path in [
        "/somewhere/else", "/jobs/01JDN4Q5J8Z6M2V7X3K9T0B1CD", "/feed/secret-word", "/files/x", "/%00", "/..",
      ] {
        _ = try await service.request(path, token: nil)
      }
      let text = try await service.request("/metrics", token: nil).text
      for word in ["somewhere", "01JDN4", "secret-word", "files/x"] { #expect(!text.contains(word), "\(word)") }
      #expect(text.contains("http_route=\"/jobs/{fid}\""))
    }
  }

  /// The article tells of each metric, and of none that there is not.
  @Test func theArticleHasTheMetricsThatThereAre() async throws {
    let settings = ["MP3SPOOL_OTLP_ENDPOINT": "http://127.0.0.1:9"]
    try await withService(settings) { service in
      let scratch = service.scratch
      for file in [try await scratch.sound("talk.wav", seconds: 0.5), try scratch.write("none.mp4", "x".utf8)] {
        _ = try await service.ended(try await service.upload(file))
      }
      let told = try Article.metrics()
      let text = try await eventually("spans that were not taken") {
        let text = try await service.request("/metrics", token: nil).text
        return text.contains("mp3spool_spans_total") ? text : nil
      }
      let kinds = Dictionary(
        uniqueKeysWithValues: text.matches(of: /# TYPE (\w+) (\w+)/).map { (String($0.1), String($0.2)) })
      #expect(Set(told.keys).symmetricDifference(kinds.keys) == [], "in the article or in the program alone")
      for (name, kind) in kinds {
        let starts = [name, "\(name)_bucket", "\(name)_sum", "\(name)_count"].map { $0 + "{" }
        let lines = text.split(separator: "\n").filter { line in starts.contains { line.hasPrefix($0) } }
        let labels = Set(lines.flatMap { $0.matches(of: /[{,](\w+)="/).map { String($0.1) } }).subtracting(["le"])
        #expect(told[name]?.kind == kind && told[name]?.labels == labels, "\(name): \(kind) \(labels)")
      }
    }
  }

  /// `Monitoring.md` among the articles of the documentation.
  private enum Article {
    /// By name: the rows of its table `| metric | type | labels | meaning |`.
    static func metrics() throws -> [String: (kind: String, labels: Set<String>)] {
      let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Sources/mp3spool/Documentation.docc/Monitoring.md")
      let text = try String(contentsOf: file, encoding: .utf8)
      let rows = text.matches(of: /(?m)^\| `(\w+)` \| (counter|gauge|histogram) \|([^|]*)\|/).map { row in
        (
          String(row.1),
          (kind: String(row.2), labels: Set(row.3.matches(of: /`(\w+)`/).map { String($0.1) }))
        )
      }
      return Dictionary(uniqueKeysWithValues: rows)
    }
  }
}
