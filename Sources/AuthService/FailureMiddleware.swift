public import Hummingbird
import Logging
import WebServer

/// The one adapter that gives errors their HTTP face.
public struct FailureMiddleware<Context: RequestContext>: RouterMiddleware {
  private let translate: @Sendable (any Error) -> HTTPFailure?

  /// - Parameter translate: knows the errors of the modules behind the routes.
  public init(_ translate: @escaping @Sendable (any Error) -> HTTPFailure?) { self.translate = translate }

  public func handle(
    _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    do { return try await next(request, context) } catch {
      let answer = try failure(for: error, context).response(from: request, context: context)
      // RFC 9110 §9.3.2: a body behind the head would be taken for the begin of the next answer.
      return request.method == .head ? answer.createHeadResponse() : answer
    }
  }

  private func failure(for error: any Error, _ context: Context) -> HTTPFailure {
    if let failure = error as? HTTPFailure { return failure }
    if let failure = translate(error) { return failure }
    if let error = error as? HTTPError {
      return HTTPFailure(error.status, error.body ?? error.status.reasonPhrase.lowercased(), headers: error.headers)
    }
    if ClientEnd.isCause(of: error) {
      context.logger.debug("a client went away", metadata: ["error": "\(error)"])
      return HTTPFailure(brokenBody: error)
    }
    // The sentence may tell about the inside of the service: it goes to the log, not to a stranger.
    context.logger.error("a request failed", metadata: ["error": "\(error)"])
    return HTTPFailure(.internalServerError, "an error inside the service; its log says more")
  }
}
