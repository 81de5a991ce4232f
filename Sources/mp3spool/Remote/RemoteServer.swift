import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import WebClient

/// A gateway on another host, or on this one, as its clients see it.
struct RemoteServer: Sendable {
  /// Such as `https://mp3.example.org`, without a slash at its end.
  let url: String
  /// Nil before a login.
  var token: String?

  struct Answer: Sendable {
    let status: Int
    let headers: HTTPHeaders
    let text: String

    func json<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
      let decoder = JSONDecoder()
      decoder.dateDecodingStrategy = .iso8601
      do { return try decoder.decode(type, from: Data(text.utf8)) } catch {
        throw Problem.unavailable("the server's answer is none that mp3spool gives: is this an mp3spool gateway?")
      }
    }
  }

  private static let largestAnswer = 16 << 20
  private static let patience = TimeAmount.seconds(100)

  /// - Parameter text: a URL. Without a scheme it is https, or http where the host is this one.
  init(_ text: String, token: String? = nil) throws(Problem) {
    let isHere = ["localhost", "127.0.0.1", "[::1]"].contains { text == $0 || text.hasPrefix("\($0):") }
    let full = text.contains("://") ? text : "\(isHere ? "http" : "https")://\(text)"
    guard let parts = URLComponents(string: full), ["http", "https"].contains(parts.scheme),
      parts.host?.isEmpty == false,
      parts.query == nil, parts.user == nil
    else { throw Problem.usage("'\(text)' is no server: it must be a URL such as https://mp3.example.org") }
    url = full.hasSuffix("/") ? String(full.dropLast()) : full
    self.token = token
  }

  /// Whether what is sent can be read on the way.
  var isOpenToOthers: Bool {
    url.hasPrefix("http://") && !["localhost", "127.0.0.1", "[::1]"].contains { url.hasPrefix("http://\($0)") }
  }

  func request(_ method: HTTPMethod, _ path: String, _ headers: [String: String] = [:]) -> HTTPClientRequest {
    var request = HTTPClientRequest(url: url + path)
    request.method = method
    if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
    request.headers.add(name: "User-Agent", value: "mp3spool/\(MP3Spool.version)")
    for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
    return request
  }

  /// A kept connection may be closed at the moment in which it is used again (RFC 9112 §9.3.1): what changes nothing is then
  /// asked once more.
  func send(_ request: HTTPClientRequest, by deadline: NIODeadline) async throws -> HTTPClientResponse {
    do { return try await WebClient.hasty.head(of: request, by: deadline) } catch let failure as HTTPClientError {
      guard failure == .remoteConnectionClosed, request.method == .GET || request.method == .HEAD else { throw failure }
      return try await WebClient.hasty.head(of: request, by: deadline)
    }
  }

  /// Sends a request and reads the answer.
  ///
  /// - Throws: `ConnectionLost` where there was none.
  func answer(to request: HTTPClientRequest, within limit: TimeAmount = patience) async throws -> Answer {
    do {
      let deadline = NIODeadline.now() + limit
      let response = try await send(request, by: deadline)
      let body = try await response.body.collected(upTo: Self.largestAnswer, by: deadline)
      return Answer(status: Int(response.status.code), headers: response.headers, text: String(buffer: body))
    } catch let error as CancellationError { throw error } catch { throw ConnectionLost(url: url, cause: error) }
  }

  /// Sends a request that must be granted.
  func granted(
    _ method: HTTPMethod, _ path: String, _ headers: [String: String] = [:], body: String? = nil
  ) async throws -> Answer {
    var request = request(method, path, headers)
    if let body { request.body = .bytes(ByteBuffer(string: body)) }
    let answer = try await answer(to: request)
    guard 200..<300 ~= answer.status else { throw refusal(answer.status, answer.text) }
    return answer
  }

  /// Does what takes a few requests; a connection that is lost ends it with a sentence.
  func reached<Value>(_ work: (RemoteServer) async throws -> Value) async throws -> Value {
    do { return try await work(self) } catch let lost as ConnectionLost { throw lost.problem }
  }

  /// What a person is told of a refused request; the server's own words are sentences.
  func refusal(_ status: Int, _ text: String) -> Problem {
    let words = text.isEmpty || text.count > 500 ? "status \(status)" : text
    switch status {
    case 300..<400:
      return .usage("\(url) sends one elsewhere: name the server by the URL that it is reached at (\(words))")
    case 401:
      return .usage("\(url) knows nobody of this token: log in with 'mp3spool login --server \(url)' (\(words))")
    case 403: return .usage("\(url) refuses: \(words)")
    case 408, 423, 429, 500...: return .temporary("\(url) cannot do it now: \(words)")
    default: return .input("\(url) refuses: \(words)")
    }
  }
}

/// There is no answer: nobody knows whether the request was heard.
struct ConnectionLost: Error {
  let url: String
  let cause: any Error

  var problem: Problem { .unavailable("\(url) does not answer: \(reason)") }

  private var reason: String {
    switch cause {
    case let error as HTTPClientError where error == .connectTimeout || error == .deadlineExceeded: "it takes too long"
    case let error as HTTPClientError where error == .remoteConnectionClosed: "it closed the connection"
    case let error as IOError: error.errnoCode == ECONNREFUSED ? "nothing listens there" : "\(error)"
    case is SocketAddressError.UnknownHost: "no address is known for this name"
    case let error as HTTPClientError: error.description
    default: "the connection failed (\(type(of: cause)))"
    }
  }
}
