import AsyncHTTPClient
public import AuthService
import Catalog
import Foundation
import HTTPTypes
public import Hummingbird
import NIOCore
import NIOHTTP1
import Synchronization
import Telemetry
public import Tokens
import WebClient
public import WireFormats

/// An auth service in another process: it logs people in, knows the API tokens, and tells whether a token still counts.
///
/// Its public keys, or the shared secret, tell here which access tokens can be its own at all, so that strangers' tokens do
/// not become load on it. Whether the token's user still may, only it knows: it is asked, and its answer holds for 30 s, so
/// what ends a token ends it here half a minute later at most.
public final class RemoteAuth: Login, Authority {
  private let baseURL: String
  private let verifier: AccessTokenVerifier?
  private let keys: RemoteKeys
  private let answers = Mutex(RememberedAnswers())

  /// How long an answer may take.
  private static let patience = TimeAmount.seconds(10)
  private static let largestWish = 16 << 10
  /// Room for the list of 20,000 users.
  private static let largestList = 16 << 20

  /// - Parameters:
  ///   - baseURL: such as `http://127.0.0.1:5000`, without a slash at its end.
  ///   - verifier: checks access tokens where a shared secret signs them; else the service's public keys do.
  public init(baseURL: String, verifier: AccessTokenVerifier? = nil) {
    self.baseURL = baseURL
    self.verifier = verifier
    keys = RemoteKeys {
      let answer = try? await Self.send(HTTPClientRequest(url: "\(baseURL)/.well-known/jwks.json"))
      guard let answer, answer.status == .ok else { return nil }
      return try? KeySet(json: Array(answer.body.utf8))
    }
  }

  public func token(for authorization: String?, from client: ClientAddress?) async throws -> String {
    var request = HTTPClientRequest(url: "\(baseURL)/login")
    request.method = .POST
    if let authorization { request.headers.add(name: "Authorization", value: authorization) }
    if let client { request.headers.add(name: "Forwarded", value: client.forwarded) }
    let answer = try await Self.send(request)
    switch answer.status.code {
    case 200: return answer.body
    case 401 where answer.body == "missing credentials": throw HTTPFailure.missingCredentials("Basic")
    case 401: throw HTTPFailure.invalidCredentials
    case 429, 503: throw answer.failure
    default: throw Self.unavailable
    }
  }

  public func caller(bearing token: String) async throws -> Caller {
    if token.hasPrefix(APITokenSecret.prefix) { _ = try APITokenSecret(token) } else { _ = try await verify(token) }
    let digest = Digest.sha256(token)
    let now = ContinuousClock.now
    if let known = answers.withLock({ $0.answer(for: digest, at: now) }) { return try known.get() }
    do {
      let answer = try await ask(about: token)
      answers.withLock { $0.remember(answer, for: digest, at: now) }
      return try answer.get()
    } catch let failure as HTTPFailure {
      // Nobody can tell. Whoever was let in a short while ago stays in.
      guard let known = answers.withLock({ $0.lastResort(for: digest, at: .now) }) else { throw failure }
      return known
    }
  }

  /// Hands a request about API tokens or users on, and its answer back.
  public func forward(_ request: Request) async throws -> Response {
    let query = request.uri.query.map { "?\($0)" } ?? ""
    var forwarded = HTTPClientRequest(url: baseURL + request.uri.path + query)
    forwarded.method = HTTPMethod(rawValue: request.method.rawValue)
    for name in [HTTPField.Name.authorization, .contentType, .accept] {
      if let value = request.headers[name] { forwarded.headers.add(name: name.rawName, value: value) }
    }
    if let id = Self.requestID { forwarded.headers.add(name: "X-Request-ID", value: id) }
    do { forwarded.body = .bytes(try await request.body.collect(upTo: Self.largestWish)) } catch {
      throw HTTPFailure(.contentTooLarge, "the body is larger than \(Self.largestWish) bytes")
    }
    do {
      let answer = try await WebClient.patient.answer(to: forwarded, within: Self.patience, upTo: Self.largestList)
      var headers: HTTPFields = [:]
      for name in [HTTPField.Name.contentType, .location, .cacheControl, .retryAfter, .wwwAuthenticate] {
        headers[name] = answer.headers.first(name: name.rawName)
      }
      let status = HTTPResponse.Status(code: Int(answer.status.code), reasonPhrase: answer.status.reasonPhrase)
      return Response(status: status, headers: headers, body: .init(byteBuffer: answer.body))
    } catch { throw Self.unavailable }
  }

  /// What `POST /validate` says of the token.
  private func ask(about token: String) async throws -> Result<Caller, TokenError> {
    var request = HTTPClientRequest(url: "\(baseURL)/validate")
    request.method = .POST
    request.headers.add(name: "Authorization", value: "Bearer \(token)")
    let answer = try await Self.send(request)
    switch answer.status.code {
    case 200:
      guard let caller = try? JSONDecoder().decode(Caller.self, from: Data(answer.body.utf8)) else {
        throw Self.unavailable
      }
      return .success(caller)
    case 401, 403: return .failure(TokenError(.unknownToken, "The auth service does not accept the token."))
    default: throw Self.unavailable
    }
  }

  /// Checks an access token with the auth service's public keys, asking for them anew where the token's is unknown.
  private func verify(_ token: String) async throws -> AccessToken {
    if let verifier { return try await verifier.verify(token) }
    let known = keys.known
    do { return try await AccessTokenVerifier(keys: known).verify(token) } catch {
      guard error.kind == .unknownKey else { throw error }
      switch await keys.refresh(known) {
      case .keys(let newer): return try await AccessTokenVerifier(keys: newer).verify(token)
      case .nothingNew: throw error
      case .withoutAnswer: throw Self.unavailable
      }
    }
  }

  private struct Answer {
    let status: HTTPResponseStatus
    let body: String
    let retryAfter: String?

    /// The same refusal, in our own name.
    var failure: HTTPFailure {
      let headers: HTTPFields = retryAfter.map { [.retryAfter: $0] } ?? [:]
      return HTTPFailure(HTTPResponse.Status(code: Int(status.code)), body, headers: headers)
    }
  }

  /// By which the other service's log knows what it was asked for.
  private static var requestID: String? { Telemetry.trace?.request.description }

  private static func send(_ request: HTTPClientRequest) async throws -> Answer {
    var request = request
    if let id = requestID { request.headers.add(name: "X-Request-ID", value: id) }
    do {
      let answer = try await WebClient.patient.answer(to: request, within: patience, upTo: 64 << 10)
      return Answer(
        status: answer.status, body: String(buffer: answer.body), retryAfter: answer.headers.first(name: "Retry-After"))
    } catch { throw unavailable }
  }

  private static let unavailable = HTTPFailure(
    .serviceUnavailable, "the auth service does not answer", headers: [.retryAfter: "5"])
}

extension ClientAddress {
  /// RFC 7239 §4 and §6: an IPv6 address in brackets and quotes.
  fileprivate var forwarded: String {
    description.contains(":") ? "for=\"[\(description)]\"" : "for=\(description)"
  }
}
