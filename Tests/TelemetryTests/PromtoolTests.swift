import CoreMetrics
import Foundation
import Telemetry
import Testing

/// Prometheus' own parser and its advice on names, where promtool is installed.
@Suite struct PromtoolTests {
  @Test(.enabled(if: Promtool.location != nil, "promtool is not installed"))
  func promtoolMissesNothingButHelpTexts() throws {
    let registry = PrometheusRegistry(seriesLimit: 3)
    recordAsHummingbirdDoes(in: registry)
    Counter(label: "mp3spool.jobs.finished", dimensions: [("name", "a\r\n\"\\ж")], factory: registry).increment()
    Recorder(label: "mp3spool.upload.bytes", factory: registry).record(3_000_000)
    Meter(label: "mp3spool.level", factory: registry).set(Double.nan)
    let verdict = try Promtool.check(registry.exposition())
    // 0: nothing to say; 3: advice on style (promtool's lint exit code); 1: not readable.
    #expect([0, 3].contains(verdict.exitCode), "\(verdict.complaints)")
    #expect(verdict.complaints.filter { !$0.hasSuffix("no help text") } == [])
  }

  @Test func hummingbirdsMiddlewareEndsUpUnderConventionalNames() {
    let registry = PrometheusRegistry()
    recordAsHummingbirdDoes(in: registry)
    #expect(
      registry.families == [
        "hb_requests_total counter", "http_server_active_requests gauge",
        "http_server_request_duration_seconds histogram",
      ])
    #expect(registry.lines.contains(#"http_server_active_requests{http_request_method="GET"} 1"#))
  }

  /// The labels and dimensions of its MetricsMiddleware, through the task-local factory.
  private func recordAsHummingbirdDoes(in registry: PrometheusRegistry) {
    withMetricsFactory(registry) {
      Meter(label: "http.server.active_requests", dimensions: [("http.request.method", "GET")]).increment()
      for status in ["200", "404", "413", "507"] {
        let route = [
          ("http.route", "/jobs/{fid}"), ("http.request.method", "GET"), ("http.response.status_code", status),
        ]
        Counter(label: "hb.requests", dimensions: route).increment()
        Timer(label: "http.server.request.duration", dimensions: route, preferredDisplayUnit: .seconds)
          .recordNanoseconds(1_500_000)
      }
    }
  }
}

/// `promtool check metrics`, which reads an exposition from its standard input.
private enum Promtool {
  static let location = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    .map { URL(filePath: "\($0)/promtool") }.first { FileManager.default.isExecutableFile(atPath: $0.path) }

  static func check(_ exposition: String) throws -> (exitCode: Int32, complaints: [String]) {
    let file = FileManager.default.temporaryDirectory.appending(component: "\(UUID()).prom")
    try Data(exposition.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let complaints = Pipe()
    let process = Process()
    process.executableURL = location
    process.arguments = ["check", "metrics"]
    process.standardInput = try FileHandle(forReadingFrom: file)
    process.standardError = complaints
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    let text = try complaints.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init))
  }
}
