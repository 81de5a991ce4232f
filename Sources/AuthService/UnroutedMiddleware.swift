import HTTPTypes
public import Hummingbird
import WebServer

/// Answers what no route does: 405 with what can be asked of the path instead (RFC 9110 §15.5.6), or 404. Whether anybody
/// knows the method does not matter to that: there are always new ones.
///
/// It is to be added behind all routes. Hummingbird has a route's requests run through the middleware that was added before
/// it, and those without a route through all; so this sees no others.
public struct UnroutedMiddleware<Context: RequestContext>: RouterMiddleware {
  private let paths: [(path: RouterPath, methods: [String])]

  /// - Parameter routes: those of a router that answers HEAD where it answers GET.
  public init(_ routes: [Router<Context>.RouteDescription]) {
    let methods = Dictionary(grouping: routes, by: \.path.description)
    let known = methods.values.map { routes in
      let methods = Set(routes.map(\.method.rawValue))
      return (path: routes[0].path, methods: methods.union(methods.contains("GET") ? ["HEAD"] : []).sorted())
    }
    // As in the router, what is named comes before what is captured.
    paths = known.sorted { Self.captures(in: $0.path) < Self.captures(in: $1.path) }
  }

  public func handle(
    _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    let words = request.uri.path.split(separator: "/")
    guard let methods = paths.first(where: { Self.matches($0.path, words) })?.methods else {
      return try await next(request, context)
    }
    throw HTTPFailure.notAllowed(but: methods)
  }

  private static func captures(in path: RouterPath) -> Int { path.components.count { $0.description.contains("{") } }

  private static func matches(_ path: RouterPath, _ words: [Substring]) -> Bool {
    path.components.count == words.count && zip(path.components, words).allSatisfy { $0 ~= $1 }
  }
}

extension HTTPFailure {
  public static func notAllowed(but methods: [String]) -> HTTPFailure {
    let methods = methods.joined(separator: ", ")
    return HTTPFailure(.methodNotAllowed, "only \(methods) can be asked of this", headers: [.allow: methods])
  }
}
