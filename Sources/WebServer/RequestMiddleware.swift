import HTTPTypes
public import Hummingbird
public import Logging
import NIOCore
import Synchronization
import Telemetry
import WireFormats

/// Gives a request the id by which logs, traces, its job and its notices know it: what the client's `traceparent` or
/// `X-Request-ID` says, if that is fit to be repeated, or a new one. The answer names it (`X-Request-ID`).
///
/// Where the access log is on, it has a line for each request once its answer is sent, or has broken off. It names the
/// route and never the path, in which secrets may stand, of feeds and of signed links.
public struct RequestMiddleware<Context: ClientContext>: RouterMiddleware {
  private let access: Logger

  /// - Parameter access: takes the lines of the access log, which are of level `info`.
  public init(access: Logger) { self.access = access }

  public func handle(
    _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    let begin = ContinuousClock.now
    let trace = Trace(parent: request.headers[.traceparent], id: request.headers[.xRequestID])
    var context = context
    // The id that Hummingbird made says the same in other words.
    context.logger[metadataKey: "hb.request.id"] = nil
    return try await Telemetry.follow(trace) { [context] in
      var response = try await Telemetry.span(request.method.rawValue, .server) { span in
        let response = try await next(request, context)
        Self.describe(span, request, response, context)
        return response
      }
      response.headers[.xRequestID] = trace.request.description
      if access.logLevel <= .info { tell(request, &response, context, trace, since: begin) }
      return response
    }
  }

  private static func describe(_ span: WorkSpan, _ request: Request, _ response: Response, _ context: Context) {
    if let route = context.endpointPath { span.setName("\(request.method.rawValue) \(route)") }
    span.note("http.request.method", request.method.rawValue)
    span.note("http.route", context.endpointPath ?? "")
    span.note("http.response.status_code", "\(response.status.code)")
    if response.status.code >= 500 { span.fail("\(response.status)") }
  }

  /// Has the line written when the last byte of the body is.
  private func tell(
    _ request: Request, _ response: inout Response, _ context: Context, _ trace: Trace,
    since begin: ContinuousClock.Instant
  ) {
    let (route, status, body) = (context.endpointPath ?? "-", response.status.code, response.body)
    let metadata: Logger.Metadata = [
      "request": "\(trace.request)", "method": "\(request.method.rawValue)", "route": "\(route)",
      "status": "\(status)", "received": "\(request.headers[.contentLength] ?? "-")", "client": "\(context.client)",
    ]
    response.body = ResponseBody(contentLength: body.contentLength) { [access] writer in
      let tally = Tally()
      let outcome: Result<Void, any Error>
      do { outcome = .success(try await body.write(writer.map(tally.count))) } catch { outcome = .failure(error) }
      var fields = metadata
      fields["sent"] = "\(tally.bytes.load(ordering: .relaxed))"
      fields["seconds"] = "\((ContinuousClock.now - begin) / .seconds(1))"
      if case .failure = outcome { fields["outcome"] = "broken-off" }
      access.info("\(request.method.rawValue) \(route) \(status)", metadata: fields)
      try outcome.get()
    }
  }
}

/// How many bytes of a body were handed on.
private final class Tally: Sendable {
  let bytes = Atomic<Int>(0)

  @concurrent @Sendable func count(_ buffer: ByteBuffer) async -> ByteBuffer {
    bytes.add(buffer.readableBytes, ordering: .relaxed)
    return buffer
  }
}

extension HTTPField.Name {
  fileprivate static let traceparent = Self("traceparent")!
  fileprivate static let xRequestID = Self("X-Request-ID")!
}
