import AuthService
import HTTPTypes
import Hummingbird

/// `/`, the page for people, and `/page/…`, the files that it is made of. All that it shows and does is by the routes that
/// other clients have, so it is open to everybody and knows nothing.
struct PageRoutes: Sendable {
  private let start = Asset("page/index.html", headers: Self.headers)
  private let files: [String: Asset]

  init() {
    let prefix = "page/"
    let paths = EmbeddedAssets.texts.keys.filter { $0.hasPrefix(prefix) && !$0.hasSuffix(".html") }
    files = Dictionary(
      uniqueKeysWithValues: paths.map { ($0.dropFirst(prefix.count).description, Asset($0, headers: Self.headers)) })
  }

  func add(to router: Router<GatewayContext>) {
    start.add(to: router, at: "/")
    router.get("page/:file") { request, context in
      guard let file = files[context.parameters.get("file") ?? ""] else {
        throw HTTPFailure(.notFound, "the page has no such file")
      }
      return file.response(to: request)
    }
  }

  /// Nothing from elsewhere, nothing in the page's own text runs or styles it, and nobody frames it (CSP Level 3).
  /// Covers are fetched with the token, and so are shown by blob URLs.
  private static let policy = [
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' blob:", "media-src 'self'",
    "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
  ].joined(separator: "; ")

  private static let headers: HTTPFields = [.contentSecurityPolicy: policy, .referrerPolicy: "no-referrer"]
}

extension HTTPField.Name {
  fileprivate static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
}
