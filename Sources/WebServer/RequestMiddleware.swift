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
    let line = AccessLine(request, trace, begin: begin)
    let isTold = access.logLevel <= .info
    return try await Telemetry.follow(trace) { [context] in
      do {
        var response = try await Telemetry.span(request.method.label, .server) { span in
          let response = try await next(request, context)
          Self.describe(span, request, response, context)
          return response
        }
        response.headers[.xRequestID] = trace.request.description
        if isTold { tell(line, response.status, context, line.count(&response)) }
        return response
      } catch {
        if isTold { tell(line, (error as? any HTTPResponseError)?.status ?? .internalServerError, context, Tally()) }
        throw error
      }
    }
  }

  private static func describe(_ span: WorkSpan, _ request: Request, _ response: Response, _ context: Context) {
    if let route = context.endpointPath { span.setName("\(request.method.label) \(route)") }
    span.note("http.request.method", request.method.label)
    span.note("http.route", context.endpointPath ?? "")
    span.note("http.response.status_code", "\(response.status.code)")
    if response.status.code >= 500 { span.fail("\(response.status)") }
  }

  /// Has the line written when the request is over.
  private func tell(_ line: AccessLine, _ status: HTTPResponse.Status, _ context: Context, _ tally: Tally) {
    let (route, client) = (context.endpointPath ?? "-", context.client)
    context.end.whenOver { [access] isWhole in
      var fields = line.fields
      fields["route"] = "\(route)"
      fields["status"] = "\(status.code)"
      fields["client"] = "\(client)"
      fields["sent"] = "\(tally.bytes.load(ordering: .relaxed))"
      fields["seconds"] = "\((ContinuousClock.now - line.begin) / .seconds(1))"
      if !isWhole { fields["outcome"] = "broken-off" }
      access.info("\(line.method) \(route) \(status.code)", metadata: fields)
    }
  }
}

/// What a line of the access log says of a request before it is answered.
private struct AccessLine {
  let method: String
  let fields: Logger.Metadata
  let begin: ContinuousClock.Instant

  init(_ request: Request, _ trace: Trace, begin: ContinuousClock.Instant) {
    (method, self.begin) = (request.method.label, begin)
    fields = [
      "request": "\(trace.request)", "method": "\(method)", "received": "\(request.headers[.contentLength] ?? "-")",
    ]
  }

  /// Has the bytes of an answer's body counted.
  func count(_ response: inout Response) -> Tally {
    let (tally, body) = (Tally(), response.body)
    response.body = ResponseBody(contentLength: body.contentLength) { writer in
      try await body.write(writer.map(tally.count))
    }
    return tally
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
