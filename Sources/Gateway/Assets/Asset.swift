import AuthService
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Tokens

/// A text that the gateway serves as it stands in the program: there is no file to lose beside that.
///
/// In the sources it is a file under `Assets`, of which the plugin in etc/embed makes a Swift source at each build.
struct Asset: Sendable {
  /// Its media type.
  let type: String
  let text: String
  private let etag: String
  private let headers: HTTPFields

  /// - Parameters:
  ///   - path: under `Assets`; one that is not there is a mistake in the program.
  ///   - headers: those that it has beside the usual ones.
  init(_ path: String, headers: HTTPFields = [:]) {
    guard let text = EmbeddedAssets.texts[path] else { preconditionFailure("there is no asset \(path)") }
    self.text = text
    type = Self.types[path.split(separator: ".").last.map(String.init) ?? ""] ?? "application/octet-stream"
    etag = "\"\(Digest.hex(Digest.sha256(text)))\""
    self.headers = headers
  }

  /// What the gateway and the auth service answer, in the form of OpenAPI 3.1 (spec.openapis.org/oas/v3.1.1).
  /// `DescriptionTests` compares it with the routes, and `etc/test http` with the answers.
  static let openAPI = Asset("openapi.yaml")

  /// Serves it there, to everybody.
  func add(to router: Router<GatewayContext>, at path: RouterPath) {
    router.get(path) { request, _ in response(to: request) }
  }

  /// A new version of the program may have another text, so clients ask each time.
  func response(to request: Request) -> Response {
    var headers = headers
    headers[.eTag] = etag
    headers[.cacheControl] = "no-cache"
    headers[.contentTypeOptions] = "nosniff"
    if request.knows(etag) { return Response(status: .notModified, headers: headers) }
    return .text(text, headers: headers, type: type)
  }

  private static let types = [
    "yaml": "application/yaml", "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml",
  ]
}

extension Request {
  /// Does the client have what goes by this ETag (RFC 9110 §13.1.2)?
  ///
  /// - Parameter etag: one without a comma.
  func knows(_ etag: String) -> Bool {
    headers[values: .ifNoneMatch].contains { value in
      value.split(separator: ",").contains { tag in
        let tag = tag.trimmingCharacters(in: .whitespaces)
        return tag == "*" || tag == etag || tag == "W/\(etag)"
      }
    }
  }
}
