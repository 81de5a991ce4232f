import Crypto
import Logging
import Synchronization
import Tracing
public import WireFormats

extension Telemetry {
  /// What the running task is about: it stands in all that the task logs, and begins what it hands on.
  public static var trace: Trace? { ServiceContext.current?.trace }

  /// Runs `body` as work that belongs to `trace`.
  public static func follow<Value>(_ trace: Trace?, _ body: () async throws -> Value) async rethrows -> Value {
    try await ServiceContext.withValue(context(of: trace), operation: body)
  }

  /// Runs `body` as one piece of the task's work, with its time and outcome for whoever collects traces.
  ///
  /// - Parameters:
  ///   - name: of the kind of work, the same each time.
  ///   - begin: when it began, where that was earlier.
  public static func span<Value>(
    _ name: String, _ role: SpanRole = .internal, since begin: SpanTime = SpanTime(),
    _ body: (WorkSpan) async throws -> Value
  ) async rethrows -> Value {
    let context = ServiceContext.current ?? .topLevel
    guard
      let span = recorder.withLock({ $0 })?.startSpan(name, context: context, ofKind: role.kind, at: begin.timestamp)
    else { return try await body(WorkSpan(nil)) }
    defer { span.end() }
    return try await ServiceContext.withValue(span.context) {
      do { return try await body(WorkSpan(span)) } catch {
        span.setStatus(SpanStatus(code: .error, message: "\(error)"))
        throw error
      }
    }
  }

  /// The same for work that blocks, on a thread that knows no task.
  public static func span<Value, Failure: Error>(
    _ name: String, in trace: Trace?, _ body: () throws(Failure) -> Value
  ) throws(Failure) -> Value {
    guard let span = recorder.withLock({ $0 })?.startSpan(name, context: context(of: trace)) else { return try body() }
    defer { span.end() }
    do throws(Failure) { return try body() } catch {
      span.setStatus(SpanStatus(code: .error, message: "\(error)"))
      throw error
    }
  }

  /// Makes the spans, where somebody collects them. It is not the one of swift-distributed-tracing's InstrumentationSystem:
  /// libraries would tell it of each request of theirs with its URL, in which a receiver's secret may stand, and of those to
  /// the collector as well, without an end.
  static let recorder = Mutex<SpanRecorder?>(nil)

  private static func context(of trace: Trace?) -> ServiceContext {
    var context = ServiceContext.current ?? .topLevel
    context.trace = trace
    return context
  }

  /// For each log entry.
  @Sendable static func whatTheTaskIsAbout() -> Logger.Metadata {
    trace.map { ["request": .string($0.request.description)] } ?? [:]
  }
}

/// What part a piece of work has in its trace.
public enum SpanRole: Sendable {
  case `internal`, server, client, consumer

  fileprivate var kind: SpanKind {
    switch self {
    case .internal: .internal
    case .server: .server
    case .client: .client
    case .consumer: .consumer
    }
  }
}

/// When a piece of work began: now, unless it is kept.
public struct SpanTime: Sendable {
  fileprivate let timestamp = DefaultTracerClock.now
  public init() {}
}

/// A piece of work that is being done.
public struct WorkSpan: Sendable {
  private let span: RecordedSpan?

  fileprivate init(_ span: RecordedSpan?) { self.span = span }

  /// Says something of it. No secret may be in it, nor what a stranger can choose at length.
  public func note(_ key: String, _ value: String) { span?.attributes[key] = value }

  /// Gives it a name that was not known at its begin.
  public func setName(_ name: String) { span?.operationName = name }

  /// Tells that it did not succeed, though nothing was thrown.
  public func fail(_ reason: String) { span?.setStatus(SpanStatus(code: .error, message: reason)) }
}

private enum TraceKey: ServiceContextKey { typealias Value = Trace }

extension ServiceContext {
  /// The request, and the innermost span.
  var trace: Trace? {
    get { self[TraceKey.self] }
    set { self[TraceKey.self] = newValue }
  }
}

extension RequestID {
  /// The id of the trace that the request is: itself where it has the form, else the first half of its SHA-256, so that
  /// every process comes to the same.
  var traceID: String {
    if isTraceID { return description }
    return SHA256.hash(data: Array(description.utf8)).prefix(16).map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }
}
