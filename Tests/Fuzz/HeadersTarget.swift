import Foundation

@testable import WireFormats

/// The values of header fields.
enum HeadersTarget {
  @Sendable static func run(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    tryCredentials(text)
    tryDisposition(text)
    let accept = AcceptHeader(text)
    require(
      !(accept.prefers("a/b", over: "a/c") && accept.prefers("a/c", over: "a/b")), "nobody prefers each to the other")
    if let parameters = HeaderParameters(text) {
      require(parameters.parameters.keys.allSatisfy { $0 == $0.lowercased() }, "parameters' names are in lower case")
    }
    _ = try? PartHeaders(bytes[...])
  }

  private static func tryCredentials(_ text: String) {
    switch AuthorizationHeader(text) {
    case .basic(let user, let password):
      let again = "Basic " + Data("\(user):\(password)".utf8).base64EncodedString()
      require(
        AuthorizationHeader(again) == .basic(user: user, password: password), "credentials are sent as they were read")
    case .bearer(let token):
      require(AuthorizationHeader("bearer \(token)") == .bearer(token), "a token is sent as it was read")
    case nil: break
    }
  }

  private static func tryDisposition(_ name: String) {
    let value = ContentDisposition.attachment(fileName: name)
    require(value.utf8.allSatisfy { 0x20...0x7E ~= $0 }, "a header's value is printable ASCII")
    let parameters = HeaderParameters(value)?.parameters ?? [:]
    let read = parameters["filename*"].flatMap(ExtendedValue.decode) ?? parameters["filename"]
    require(read.map { Array($0.utf8) } == Array(name.utf8), "a download has the name that it was given")
  }
}
