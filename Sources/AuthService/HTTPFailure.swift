public import HTTPTypes
public import Hummingbird
import NIOCore
import WebServer
import WireFormats

/// The HTTP face of everything that goes wrong: a status and a sentence.
///
/// It is written as plain text, as in the system that mp3spool replaces, or as RFC 9457 problem details for clients
/// that ask for JSON.
public struct HTTPFailure: Error, Sendable {
  public let status: HTTPResponse.Status
  public let sentence: String
  public var headers: HTTPFields

  public init(_ status: HTTPResponse.Status, _ sentence: String, headers: HTTPFields = [:]) {
    self.status = status
    self.sentence = sentence
    self.headers = headers
  }

  /// There are no credentials in the request, or not in the form that is wanted.
  ///
  /// - Parameter scheme: `Basic` or `Bearer`; RFC 9110 §11.6.1 wants it named in each 401.
  public static func missingCredentials(_ scheme: String) -> HTTPFailure {
    HTTPFailure(.unauthorized, "missing credentials", headers: [.wwwAuthenticate: "\(scheme) realm=\"mp3spool\""])
  }

  /// A body ended before it was whole: what the server refused it for, or that its client has gone.
  public init(brokenBody error: any Error) {
    if let refusal = error as? Refusal {
      self.init(refusal.status, refusal.sentence)
    } else {
      self.init(.badRequest, "the connection ended before the body did")
    }
  }

  public static let invalidCredentials = HTTPFailure(
    .unauthorized, "invalid credentials", headers: [.wwwAuthenticate: "Basic realm=\"mp3spool\""])
}

extension HTTPFailure: HTTPResponseError {
  public func response(from request: Request, context: some RequestContext) throws -> Response {
    let accepts = AcceptHeader(request.headers[.accept])
    let wantsJSON =
      accepts.prefers("application/problem+json", over: "text/plain")
      || accepts.prefers("application/json", over: "text/plain")
    return wantsJSON ? problem(context) : text()
  }

  private func text() -> Response {
    Response.text(sentence, status: status, headers: headers)
  }

  private func problem(_ context: some RequestContext) -> Response {
    let body = ProblemDetails(title: status.reasonPhrase, status: status.code, detail: sentence)
    return .json(body, status: status, headers: headers, type: "application/problem+json")
  }
}

/// RFC 9457 §3.1; without a `type` the problem is what its status says.
private struct ProblemDetails: Encodable {
  let title: String
  let status: Int
  let detail: String
}

extension Response {
  /// A plain text, as UTF-8.
  public static func text(
    _ text: String, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:],
    type: String = "text/plain; charset=utf-8"
  ) -> Response {
    var headers = headers
    headers[.contentType] = type
    return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(string: text)))
  }

  /// A value as JSON, with dates in ISO 8601.
  public static func json(
    _ value: some Encodable, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:],
    type: String = "application/json"
  ) -> Response {
    guard let bytes = try? JSONText.encode(value) else {
      return .text("the answer cannot be written as JSON", status: .internalServerError)
    }
    return .json(written: bytes, status: status, headers: headers, type: type)
  }

  /// JSON that is written already. Its label tells it from a value: bytes are `Encodable`, too.
  public static func json(
    written bytes: [UInt8], status: HTTPResponse.Status = .ok, headers: HTTPFields = [:],
    type: String = "application/json"
  ) -> Response {
    var headers = headers
    headers[.contentType] = type
    return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
  }
}
