import Metrics
import Synchronization
import Tracing
import WireFormats

/// A piece of work that has ended, as it is told to a collector.
struct SpanRecord: Sendable {
  let trace: String
  let id: SpanID
  let parent: SpanID?
  let kind: SpanKind
  var name: String
  let begin: UInt64
  var end: UInt64 = 0
  var attributes: [(key: String, value: String)] = []
  var error: String?
}

/// Spans on their way to a collector: so many at most, since nobody may wait for it.
final class SpanQueue: Sendable {
  private let records = Mutex<[SpanRecord]>([])
  private let dropped = Counter(label: "mp3spool_spans_total", dimensions: [("outcome", "dropped")])

  /// The collector did not take the last batch.
  let isRefused = Atomic(false)

  static let most = 2048

  func add(_ record: SpanRecord) {
    let hasRoom = records.withLock { records in
      guard records.count < Self.most else { return false }
      records.append(record)
      return true
    }
    if !hasRoom { dropped.increment() }
  }

  /// The oldest, at most `count`.
  func take(_ count: Int) -> [SpanRecord] {
    records.withLock { records in
      defer { records.removeFirst(min(count, records.count)) }
      return Array(records.prefix(count))
    }
  }
}

/// Makes the spans of swift-distributed-tracing, and hands them on when they have ended.
struct SpanRecorder: Tracer {
  let queue: SpanQueue

  func startSpan<Instant: TracerInstant>(
    _ operationName: String, context: @autoclosure () -> ServiceContext, ofKind kind: SpanKind,
    at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
  ) -> RecordedSpan {
    var context = context()
    let trace = context.trace ?? Trace()
    let record = SpanRecord(
      trace: trace.request.traceID, id: SpanID(), parent: trace.span, kind: kind, name: operationName,
      begin: instant().nanosecondsSinceEpoch)
    context.trace = Trace(request: trace.request, span: record.id)
    return RecordedSpan(record, context, queue)
  }

  func forceFlush() {}

  /// What comes from a client is read, and judged, by the server's own middleware.
  func extract<Carrier, Extract: Extractor>(
    _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
  ) where Extract.Carrier == Carrier {}

  /// What is sent to others does not tell of our traces.
  func inject<Carrier, Inject: Injector>(
    _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
  ) where Inject.Carrier == Carrier {}
}

/// A span that is open until it is ended, which counts once.
final class RecordedSpan: Span {
  let context: ServiceContext
  private let record: Mutex<SpanRecord?>
  private let queue: SpanQueue

  fileprivate init(_ record: SpanRecord, _ context: ServiceContext, _ queue: SpanQueue) {
    self.record = Mutex(record)
    self.context = context
    self.queue = queue
  }

  var isRecording: Bool { record.withLock { $0 != nil } }

  var operationName: String {
    get { record.withLock { $0?.name ?? "" } }
    set { record.withLock { $0?.name = newValue } }
  }

  /// Only written: each key once.
  var attributes: SpanAttributes {
    get { [:] }
    set {
      newValue.forEach { key, value in
        let text = if case .string(let text) = value { text } else { "\(value)" }
        record.withLock { $0?.attributes.append((key, text)) }
      }
    }
  }

  func setStatus(_ status: SpanStatus) {
    if case .error = status.code { record.withLock { $0?.error = status.message ?? "" } }
  }

  func addEvent(_ event: SpanEvent) {}
  func addLink(_ link: SpanLink) {}

  func recordError<Instant: TracerInstant>(
    _ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant
  ) {
    record.withLock { $0?.error = "\(error)" }
  }

  func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
    guard var ended = record.withLock({ $0.take() }) else { return }
    ended.end = max(ended.begin, instant().nanosecondsSinceEpoch)
    queue.add(ended)
  }
}
