import Foundation
import Hummingbird
import Logging
import ServiceLifecycle
import Settings
import Telemetry
import WebServer

extension Settings {
  /// Sets log and metrics up as they are wanted, once in a process.
  func bootstrapTelemetry() {
    Telemetry.bootstrap(
      level: logLevel, format: LogFormat(rawValue: logFormat) ?? .auto, access: hasAccessLog, version: MP3Spool.version)
  }
}

extension Parts {
  /// How many servers ``metricsServers(_:)`` has.
  var metricsServerCount: Int { settings.metricsListen == nil ? 0 : 1 }

  /// Where a process that has no gateway tells its metrics, if that is wanted. It is not for strangers: it
  /// asks for no token.
  func metricsServers(_ current: Current, _ manager: ServiceManager) -> [any Service] {
    guard let address = settings.metricsListen else { return [] }
    let router = Router(context: PlainContext.self, options: .autoGenerateHeadEndpoints)
    router.get("metrics") { _, _ in
      Response(
        status: .ok, headers: [.contentType: PrometheusRegistry.contentType],
        body: .init(byteBuffer: .init(string: Telemetry.exposition())))
    }
    router.get("healthz") { _, _ in "ok" }
    let responder = router.buildResponder()
    return [
      HTTPService(
        name: "metrics", address: address, sockets: [], current: current, responder: { _ in responder },
        manager: manager, logger: Telemetry.logger("metrics"))
    ]
  }
}

extension SpanExport {
  /// What tells the collector, where there is one; to be made before anything that is to be told.
  static func wanted(by settings: Settings) -> [any Service] {
    guard let endpoint = settings.otlpEndpoint else { return [] }
    let process = ProcessInfo.processInfo
    return [
      SpanExport(
        endpoint: endpoint,
        resource: [
          "service.name": "mp3spool", "service.version": MP3Spool.version, "host.name": process.hostName,
          "process.pid": "\(process.processIdentifier)",
        ])
    ]
  }
}
