import Foundation
import Glibc
import Testing

/// A real Prometheus scrapes a real service, evaluates the alerts and draws the dashboard's lines.
@Suite(.enabled(if: Tool.isThere("prometheus") && Tool.isThere("promtool"), "prometheus is not installed"))
struct PrometheusTests {
  @Test func prometheusSeesWhatTheServiceDoes() async throws {
    try await withService { service in
      try await Prometheus.run(in: service.scratch, targets: [service.port]) { prometheus in
        let scratch = service.scratch
        let good = try await service.upload(try await scratch.sound("talk.wav", seconds: 2))
        let bad = try await service.upload(try scratch.write("none.mp4", "nothing".utf8))
        for fid in [good, bad] { _ = try await service.ended(fid) }
        #expect(try await service.request("/download?fid=\(good)").status == 200)
        let size = try #require(try await service.job(good).result).byteCount

        let wanted: [(String, Double)] = [
          ("mp3spool_jobs{state='done'}", 1), ("mp3spool_jobs{state='failed'}", 1),
          ("mp3spool_jobs{state='waiting'}", 0), ("mp3spool_hosts{state='alive'}", 1),
          ("mp3spool_conversions_total{outcome='done'}", 1), ("mp3spool_conversion_duration_seconds_count", 2),
          ("mp3spool_conversion_failures_total{reason='not-media', outcome='failed'}", 1),
          ("sum(mp3spool_conversion_failures_total)", 1), ("sum(mp3spool_decoder_deaths_total)", 0),
          ("mp3spool_mp3_bytes_total", Double(size)), ("mp3spool_download_bytes_total", Double(size)),
          ("mp3spool_spool_reachable", 1), ("up", 1), ("round(mp3spool_converted_audio_seconds_total)", 2),
          ("sum(http_server_request_duration_seconds_count{http_route='/upload', http_response_status_code='200'})", 2),
          ("count(mp3spool_build_info)", 1), ("mp3spool_fsync_duration_seconds_count > bool 0", 1),
          ("process_resident_memory_bytes > bool 1e6", 1), ("mp3spool_spool_free_bytes > bool 0", 1),
        ]
        for (query, value) in wanted {
          try await eventually("\(value) for \(query)") { try await prometheus.value(of: query) == value }
        }

        for path in ["alerts.yaml", "dashboard.json"] {
          for query in try Monitoring.queries(in: path) { _ = try await prometheus.value(of: query) }
        }
        let rules = try await prometheus.rules()
        #expect(rules.count == 10 && rules.allSatisfy { $0.health == "ok" && $0.lastError == nil }, "\(rules)")

        // What promtool says of names and types beside that there are no help texts.
        let text = try await service.request("/metrics", token: nil).text
        let verdict = try await scratch.launch("promtool", ["check", "metrics"], input: text).outcome()
        let complaints = verdict.errors.split(separator: "\n").filter { !$0.hasSuffix("no help text") }
        #expect([0, 3].contains(verdict.status) && complaints.isEmpty, "\(complaints)")

        // An alert that only waits for its time is pending.
        await service.kill()
        try await eventually("an alert that the service is down") {
          try await prometheus.rules().contains { $0.name == "Mp3spoolIsDown" && $0.state == "pending" }
        }
      }
    }
  }

  /// Of each alert a case that fires and one that does not.
  @Test func alertsFireWhenTheyShould() async throws {
    try await withScratch { scratch in
      let cases = try Monitoring.text(of: "alerts-test.yaml")
      let names = try Monitoring.text(of: "alerts.yaml").matches(of: /alert: (\w+)/).map { String($0.1) }
      #expect(names.count == 10)
      for name in names {
        let parts = cases.components(separatedBy: "alertname: \(name)\n").dropFirst()
        #expect(parts.contains { $0.hasPrefix("        exp_alerts: []") }, "\(name) is never silent")
        #expect(parts.contains { $0.hasPrefix("        exp_alerts:\n") }, "\(name) never fires")
      }
      let outcome = try await scratch.launch("promtool", ["test", "rules", Monitoring.path("alerts-test.yaml")])
        .outcome()
      #expect(outcome.status == 0, "\(outcome)")
    }
  }
}

/// The files in `etc/monitoring`.
enum Monitoring {
  static func path(_ name: String) -> String { directory.appending(path: name).path }
  static func text(of name: String) throws -> String { try String(contentsOfFile: path(name), encoding: .utf8) }

  private static let directory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "etc/monitoring")

  /// The expressions of a dashboard's panels and variables, or those of the alerts.
  static func queries(in file: String) throws -> [String] {
    if file.hasSuffix(".json") {
      let dashboard = try JSONDecoder().decode(Dashboard.self, from: Data(text(of: file).utf8))
      return dashboard.panels.flatMap { $0.targets ?? [] }.map { target in
        target.expr.replacing("$__rate_interval", with: "1m").replacing("$instance", with: ".*")
          .replacing("$job", with: ".*")
      }
    }
    return try text(of: file).replacing(/>-\s+/, with: "").replacing(/\s+or\s+/, with: " or ")
      .matches(of: /expr: (.+)/).map { String($0.1) }
  }

  /// What a test reads of Grafana's model.
  struct Dashboard: Decodable {
    struct Panel: Decodable {
      struct Target: Decodable { let expr: String }
      struct Source: Decodable { let type: String; let uid: String }
      let type: String
      let title: String
      let datasource: Source?
      let targets: [Target]?
    }
    let title: String
    let uid: String
    let schemaVersion: Int
    let panels: [Panel]
  }
}

/// Prometheus itself, for as long as a test takes.
struct Prometheus: Sendable {
  struct Rule: Decodable {
    let name: String
    let state: String
    let health: String
    let lastError: String?
  }

  private struct Answer<Value: Decodable>: Decodable {
    let status: String
    let error: String?
    let data: Value?
  }

  private struct Result: Decodable {
    struct Sample: Decodable {
      let value: String
      init(from decoder: any Decoder) throws {
        var pair = try decoder.unkeyedContainer()
        _ = try pair.decode(Double.self)
        value = try pair.decode(String.self)
      }
    }
    struct Series: Decodable { let value: Sample }
    let result: [Series]
  }

  private struct Rules: Decodable {
    struct Group: Decodable { let rules: [Rule] }
    let groups: [Group]
  }

  let scratch: Scratch
  let address: String

  /// - Parameter targets: the ports of those that it scrapes, every half second.
  static func run(in scratch: Scratch, targets: [String], _ body: (Prometheus) async throws -> Void) async throws {
    let addresses = targets.map { "'127.0.0.1:\($0)'" }.joined(separator: ", ")
    let configuration = try scratch.write(
      "prometheus.yml",
      """
      global: { scrape_interval: 500ms, scrape_timeout: 400ms, evaluation_interval: 500ms }
      rule_files: ['\(Monitoring.path("alerts.yaml"))']
      scrape_configs:
        - job_name: mp3spool
          static_configs: [{ targets: [\(addresses)] }]
      """.utf8)
    let command = try scratch.launch(
      "prometheus",
      [
        "--config.file=\(configuration)", "--storage.tsdb.path=\(scratch.path("prometheus"))",
        "--web.listen-address=127.0.0.1:0", "--log.format=logfmt", "--log.level=info",
      ])
    do {
      let address = try await eventually("a Prometheus that listens") {
        guard command.process.isRunning else { throw Disappointment(description: command.log) }
        return try Self.address(of: command.process.processIdentifier)
      }
      let prometheus = Prometheus(scratch: scratch, address: address)
      try await eventually("a Prometheus that is ready") {
        (try? await scratch.curl("\(address)/-/ready").status) == 200
      }
      try await body(prometheus)
    } catch {
      print("Prometheus' log:\n\(command.log)")
      command.send(SIGTERM)
      _ = await command.outcome()
      throw error
    }
    command.send(SIGTERM)
    _ = await command.outcome()
  }

  /// It does not say which port the kernel chose.
  private static func address(of process: Int32) throws -> String? {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd")) ?? []
    let sockets = Set(
      names.compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/fd/\($0)") })
    let table = try String(contentsOfFile: "/proc/\(process)/net/tcp", encoding: .utf8).split(separator: "\n")
      .dropFirst()
    for line in table {
      let words = line.split(separator: " ")
      // State 0A listens (proc_net_tcp(5)).
      guard words.count > 9, words[3] == "0A", sockets.contains("socket:[\(words[9])]"),
        let port = words[1].split(separator: ":").last.flatMap({ Int($0, radix: 16) })
      else { continue }
      return "http://127.0.0.1:\(port)"
    }
    return nil
  }

  /// The first series' value now; nil where there is no series. An expression that it cannot evaluate is an error.
  func value(of query: String) async throws -> Double? {
    let result: Result = try await data("query", ["--data-urlencode", "query=\(query)"])
    return result.result.first.flatMap { Double($0.value.value) }
  }

  func rules() async throws -> [Rule] {
    let rules: Rules = try await data("rules", [])
    return rules.groups.flatMap(\.rules)
  }

  private func data<Value: Decodable>(_ what: String, _ arguments: [String]) async throws -> Value {
    let answer = try await scratch.curl("\(address)/api/v1/\(what)", ["-G"] + arguments).json(Answer<Value>.self)
    guard let data = answer.data, answer.status == "success" else {
      throw Disappointment(description: "\(what) \(arguments): \(answer.error ?? "no answer")")
    }
    return data
  }
}
