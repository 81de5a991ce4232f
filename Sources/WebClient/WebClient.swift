public import AsyncHTTPClient
public import NIOCore
public import NIOHTTP1
import NIOPosix

/// Asks services that are ours, or our operator's: an auth service, a collector of traces, a gateway.
///
/// A limit is for all of an exchange. AsyncHTTPClient's own `timeout:` ends with the answer's head, so that a service which
/// then stalls would keep one waiting for ever. Nobody is followed elsewhere: such a service answers for itself.
public struct WebClient: Sendable {
  /// Rides over a restart of the service, as long as the limit allows.
  public static let patient = WebClient(retriesConnections: true)
  /// Says at once that nobody listens; whether to try again, the caller decides.
  public static let hasty = WebClient(retriesConnections: false)

  private let client: HTTPClient

  /// For the process's life: a client must be shut down before it goes.
  private init(retriesConnections: Bool) {
    var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
    configuration.connectionPool.retryConnectionEstablishment = retriesConnections
    client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }

  public struct Answer: Sendable {
    public let status: HTTPResponseStatus
    public let headers: HTTPHeaders
    public let body: ByteBuffer
  }

  /// The whole answer.
  ///
  /// - Throws: also where it is longer than `size`, or is not there within the limit.
  public func answer(
    to request: HTTPClientRequest, within limit: TimeAmount, upTo size: Int
  ) async throws -> Answer {
    let deadline = NIODeadline.now() + limit
    let response = try await head(of: request, by: deadline)
    let body = try await response.body.collected(upTo: size, by: deadline)
    return Answer(status: response.status, headers: response.headers, body: body)
  }

  /// The answer's status alone: what else it says is of no matter, and neither whether that comes.
  public func status(of request: HTTPClientRequest, within limit: TimeAmount) async throws -> HTTPResponseStatus {
    let deadline = NIODeadline.now() + limit
    let response = try await head(of: request, by: deadline)
    // Once it is read, the connection can be used again.
    _ = try? await response.body.collected(upTo: 64 << 10, by: deadline)
    return response.status
  }

  /// The answer's head; its body is to be read by whoever wants it, for as long as they like.
  ///
  /// - Throws: where a host's name leads to no connection, the reason for that alone, as it is for an address.
  public func head(of request: HTTPClientRequest, by deadline: NIODeadline) async throws -> HTTPClientResponse {
    do { return try await client.execute(request, deadline: deadline) } catch let error as NIOConnectionError {
      throw error.connectionErrors.first?.error ?? error.dnsAError ?? error
    }
  }
}

extension HTTPClientResponse.Body {
  /// All of it.
  ///
  /// - Throws: where it is longer than `size`, or is not there by the deadline.
  public func collected(upTo size: Int, by deadline: NIODeadline) async throws -> ByteBuffer {
    try await withThrowingTaskGroup(of: ByteBuffer.self) { group in
      group.addTask { try await collect(upTo: size) }
      group.addTask {
        try await Task.sleep(for: Duration(deadline - .now()))
        throw HTTPClientError.deadlineExceeded
      }
      defer { group.cancelAll() }
      return try await group.next()!
    }
  }
}
