public import HTTPTypes

/// An answer that the server gives by itself, and the connection ends with it. Where a route is reading the request's body
/// already, it gets it as the body's error: what it answers then is only counted and logged.
public struct Refusal: Error, Equatable {
  public let status: HTTPResponse.Status
  public let sentence: String

  static func badRequest(_ sentence: String) -> Refusal { Refusal(status: .badRequest, sentence: sentence) }

  static let tooSlow = Refusal(status: .requestTimeout, sentence: "the request took too long to come")

  static let headTooLarge = Refusal(
    status: .init(code: 431, reasonPhrase: "Request Header Fields Too Large"),
    sentence: "the head of a request may have \(ClientLimits.headFields) fields and \(ClientLimits.headBytes) bytes")

  /// The HTTP parser's objections are of many kinds; to a client they are one.
  static let notHTTP = badRequest("this is not proper HTTP/1.1")
}
