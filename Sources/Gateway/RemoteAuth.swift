import AsyncHTTPClient
public import AuthService
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import Synchronization
public import Tokens

/// An auth service in another process: it logs people in, and its public keys tell which tokens are its own.
public final class RemoteAuth: Login {
  private let baseURL: String
  private let keys = Mutex<(set: KeySet, fetchedAt: ContinuousClock.Instant?)>((KeySet(), nil))

  /// How long an answer may take, and how often the keys are asked for at most.
  private static let patience = TimeAmount.seconds(10)
  private static let refreshInterval = Duration.seconds(5)

  /// - Parameter baseURL: such as `http://127.0.0.1:5000`, without a slash at its end.
  public init(baseURL: String) { self.baseURL = baseURL }

  public func token(for authorization: String?) async throws -> String {
    var request = HTTPClientRequest(url: "\(baseURL)/login")
    request.method = .POST
    if let authorization { request.headers.add(name: "Authorization", value: authorization) }
    let (status, body) = try await send(request)
    switch status.code {
    case 200: return body
    case 401 where body == "missing credentials": throw HTTPFailure.missingCredentials("Basic")
    case 401: throw HTTPFailure.invalidCredentials
    default: throw Self.unavailable
    }
  }

  /// Checks an access token with the auth service's public keys, asking for them anew where the token's is unknown.
  public func verify(_ token: String) async throws(TokenError) -> AccessToken {
    do { return try await AccessTokenVerifier(keys: keys.withLock(\.set)).verify(token) } catch {
      guard error.kind == .unknownKey, await refreshKeys() else { throw error }
      return try await AccessTokenVerifier(keys: keys.withLock(\.set)).verify(token)
    }
  }

  /// - Returns: false where they were asked for just now, or there was no answer: strangers' tokens must not become
  ///   load on the auth service.
  private func refreshKeys() async -> Bool {
    let now = ContinuousClock.now
    let isDue = keys.withLock { keys in
      guard keys.fetchedAt.map({ now - $0 > Self.refreshInterval }) ?? true else { return false }
      keys.fetchedAt = now
      return true
    }
    guard isDue, let (status, body) = try? await send(HTTPClientRequest(url: "\(baseURL)/.well-known/jwks.json")),
      status == .ok, let set = try? KeySet(json: Array(body.utf8))
    else { return false }
    keys.withLock { $0.set = set }
    return true
  }

  private func send(_ request: HTTPClientRequest) async throws -> (HTTPResponseStatus, String) {
    do {
      let response = try await HTTPClient.shared.execute(request, timeout: Self.patience)
      let body = try await response.body.collect(upTo: 64 << 10)
      return (response.status, String(buffer: body))
    } catch { throw Self.unavailable }
  }

  private static let unavailable = HTTPFailure(
    .serviceUnavailable, "the auth service does not answer", headers: [.retryAfter: "5"])
}
