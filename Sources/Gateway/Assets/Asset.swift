import AuthService
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Tokens

/// A text that the gateway serves as it stands in the program: there is no file to lose beside that.
///
/// In the sources it is a raw string. SwiftPM's `.embedInCode` makes a literal with an element for each byte of it, which
/// took the compiler 40 s for 72 KB; a string takes it a third of a second (Swift 6.3).
struct Asset: Sendable {
  /// Its media type.
  let type: String
  let text: String
  private let etag: String

  init(type: String, _ text: String) {
    self.type = type
    self.text = text
    etag = "\"\(Digest.hex(Digest.sha256(text)))\""
  }

  /// Serves it there, to everybody. A new version of the program may have another text, so clients ask each time.
  func add(to router: Router<GatewayContext>, at path: RouterPath) {
    router.get(path) { request, _ in response(to: request) }
  }

  private func response(to request: Request) -> Response {
    let headers: HTTPFields = [.eTag: etag, .cacheControl: "no-cache", .contentTypeOptions: "nosniff"]
    if request.knows(etag) { return Response(status: .notModified, headers: headers) }
    return .text(text, headers: headers, type: type)
  }
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
