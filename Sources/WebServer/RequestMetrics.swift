import HTTPTypes
public import Hummingbird
import Metrics

/// Counts requests, those under way, and how long they take, under the names that Hummingbird's middleware has for it. That
/// one believes whatever a stranger calls a method, and loses requests whose client leaves before their answer.
public struct RequestMetrics<Context: ClientContext>: RouterMiddleware {
  public init() {}

  public func handle(
    _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    let begin = ContinuousClock.now
    let method = ("http.request.method", request.method.label)
    let active = Meter(label: "http.server.active_requests", dimensions: [method])
    active.increment()
    context.end.whenOver { _ in active.decrement() }
    do {
      let response = try await next(request, context)
      let series = Series(route: context.endpointPath ?? "Unknown", method: method, status: response.status)
      context.end.whenOver { _ in
        series.requests.increment()
        series.duration.record(duration: .now - begin)
      }
      return response
    } catch {
      let status = (error as? any HTTPResponseError)?.status ?? .internalServerError
      let series = Series(route: context.endpointPath ?? "NotFound", method: method, status: status)
      series.requests.increment()
      series.errors.increment()
      throw error
    }
  }
}

/// What is measured of a route's requests by their outcome. All of it is there from the first one on: an alert on a series
/// that begins with its first error misses that one.
private struct Series {
  let requests: Counter
  let errors: Counter
  let duration: Timer

  init(route: String, method: (String, String), status: HTTPResponse.Status) {
    let (route, code) = (("http.route", route), "\(status.code)")
    let labels = [route, method, ("http.response.status_code", code)]
    requests = Counter(label: "hb.requests", dimensions: labels)
    errors = Counter(label: "hb.request.errors", dimensions: [route, method, ("error.type", code)])
    duration = Timer(label: "http.server.request.duration", dimensions: labels, preferredDisplayUnit: .seconds)
  }
}

extension HTTPRequest.Method {
  /// Those of RFC 9110 §9 and of RFC 5789.
  private static let known: Set<HTTPRequest.Method> = [
    .get, .head, .post, .put, .delete, .connect, .options, .trace, .patch,
  ]

  /// Is this one that anybody agreed upon? HTTP/2 takes any word for one.
  private var isKnown: Bool { Self.known.contains(self) }

  /// What metrics, traces and logs call it: strangers put no words of their own there. OpenTelemetry calls others so.
  var label: String { isKnown ? rawValue : "_OTHER" }
}
