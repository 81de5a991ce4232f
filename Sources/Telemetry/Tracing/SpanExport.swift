import AsyncHTTPClient
import Foundation
import Logging
import Metrics
import NIOCore
import NIOHTTP1
public import ServiceLifecycle
import Synchronization
import Tracing
import WebClient

/// Tells a collector of OpenTelemetry of the spans that have ended, some seconds later: OTLP over HTTP, as JSON
/// (opentelemetry.io/docs/specs/otlp, §OTLP/HTTP). What it does not take is dropped and counted: no work waits for it.
public struct SpanExport: Service {
  private let queue: SpanQueue
  private let url: String
  private let resource: [String: String]
  private let logger: Logger
  private let sent = Counter(label: "mp3spool_spans_total", dimensions: [("outcome", "sent")])
  private let failed = Counter(label: "mp3spool_spans_total", dimensions: [("outcome", "failed")])

  private static let pause = Duration.seconds(2)
  private static let batch = 512
  /// Begun within this time, batches follow each other; with what the last one may take, and the same again at a stop, it
  /// is less than a process has that must end.
  private static let flushing = Duration.seconds(1)
  private static let patience = TimeAmount.seconds(3)

  /// Has all spans of this process recorded from now on.
  ///
  /// - Parameters:
  ///   - endpoint: the collector's base URL, such as `http://127.0.0.1:4318`.
  ///   - resource: what this process is, such as `service.version`.
  public init(endpoint: String, resource: [String: String]) {
    queue = SpanQueue()
    url = endpoint + "/v1/traces"
    self.resource = resource
    logger = Telemetry.logger("tracing")
    Telemetry.recorder.withLock { [queue] in $0 = SpanRecorder(queue: queue) }
  }

  /// Sends what there is every few seconds, and what is left once the service stops.
  public func run() async throws {
    await cancelWhenGracefulShutdown {
      while (try? await Task.sleep(for: Self.pause)) != nil { await flushUncancelled() }
    }
    await flushUncancelled()
  }

  /// A stop must not lose what is on its way: a batch is sent, or given up after some seconds, whatever becomes of the task.
  /// It takes no longer than ``flushing`` and ``patience``.
  private func flushUncancelled() async { await Task { await flush() }.value }

  private func flush() async {
    let end = ContinuousClock.now + Self.flushing
    while .now < end, case let records = queue.take(Self.batch), !records.isEmpty {
      do {
        try await send(records)
        sent.increment(by: records.count)
        queue.isRefused.store(false, ordering: .relaxed)
      } catch {
        failed.increment(by: records.count)
        // It is told of once, and not for each batch until it is back.
        if !queue.isRefused.exchange(true, ordering: .relaxed) {
          logger.warning("the collector of traces takes none", metadata: ["error": "\(error)"])
        }
        return
      }
    }
  }

  private struct Refusal: Error, CustomStringConvertible {
    let status: UInt
    var description: String { "it answered \(status)" }
  }

  private func send(_ records: [SpanRecord]) async throws {
    var request = HTTPClientRequest(url: url)
    request.method = .POST
    request.headers.add(name: "Content-Type", value: "application/json")
    request.body = .bytes(ByteBuffer(bytes: try OTLPMessage(records, resource).json))
    let status = try await WebClient.patient.status(of: request, within: Self.patience)
    guard (200..<300).contains(status.code) else { throw Refusal(status: status.code) }
  }
}

/// What a collector reads: `ExportTraceServiceRequest` in JSON, where ids are hexadecimal and times are texts.
struct OTLPMessage: Encodable {
  private struct Attribute: Encodable {
    struct Value: Encodable { let stringValue: String }
    let key: String
    let value: Value
  }

  private struct Status: Encodable {
    /// STATUS_CODE_ERROR.
    var code = 2
    let message: String
  }

  private struct Span: Encodable {
    let traceId: String
    let spanId: String
    let parentSpanId: String?
    let name: String
    let kind: Int
    let startTimeUnixNano: String
    let endTimeUnixNano: String
    let attributes: [Attribute]
    let status: Status?
  }

  private struct Scope: Encodable { var name = "mp3spool" }
  private struct ScopeSpans: Encodable {
    var scope = Scope()
    let spans: [Span]
  }
  private struct Resource: Encodable { let attributes: [Attribute] }
  private struct ResourceSpans: Encodable {
    let resource: Resource
    let scopeSpans: [ScopeSpans]
  }

  private let resourceSpans: [ResourceSpans]

  init(_ records: [SpanRecord], _ resource: [String: String]) {
    let own = resource.sorted { $0.key < $1.key }.map(Self.attribute)
    resourceSpans = [
      ResourceSpans(resource: Resource(attributes: own), scopeSpans: [ScopeSpans(spans: records.map(Self.span))])
    ]
  }

  var json: [UInt8] {
    get throws { Array(try JSONEncoder().encode(self)) }
  }

  private static func attribute(_ pair: (key: String, value: String)) -> Attribute {
    Attribute(key: pair.key, value: .init(stringValue: String(pair.value.prefix(longest))))
  }

  private static func span(_ record: SpanRecord) -> Span {
    Span(
      traceId: record.trace, spanId: "\(record.id)", parentSpanId: record.parent.map { "\($0)" }, name: record.name,
      kind: number(of: record.kind), startTimeUnixNano: "\(record.begin)", endTimeUnixNano: "\(record.end)",
      attributes: record.attributes.map(attribute),
      status: record.error.map { Status(message: String($0.prefix(longest))) })
  }

  private static let longest = 512

  /// `SpanKind` in trace.proto.
  private static func number(of kind: SpanKind) -> Int {
    switch kind {
    case .server: 2
    case .client: 3
    case .producer: 4
    case .consumer: 5
    default: 1
    }
  }
}
