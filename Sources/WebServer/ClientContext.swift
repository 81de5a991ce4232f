import HTTPTypes
public import Hummingbird
import Logging
public import NIOCore
public import WireFormats

/// A request's context that knows who the request is from.
public protocol ClientContext: RequestContext {
  /// Who the connection is with; `ClientMiddleware` puts whom a proxy speaks for in its place.
  var client: ClientAddress { get set }
  /// Is told by the server when the request is over.
  var end: AnswerEnd { get }
}

/// The context of a server that is nobody's in particular.
public struct PlainContext: ClientContext {
  public var coreContext: CoreRequestContextStorage
  public var client: ClientAddress
  public let end = AnswerEnd()

  public init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    client = ClientAddress(peerOf: source.channel)
  }
}

extension ClientContext {
  /// The address, or nil where nobody can tell, as with a Unix socket.
  public var clientAddress: ClientAddress? { client.host == nil ? nil : client }
}

extension ClientAddress {
  /// The other end of a connection, or of the connection that a stream of HTTP/2 is in.
  public init(peerOf channel: any Channel) {
    let host = channel.remoteAddress?.ipAddress.flatMap { IPAddress($0) }
    self.init(host: host, isSecure: false)
  }
}

/// Finds out who a request is from, by what trusted proxies say: RFC 7239, or the older fields where it is not there.
/// The log names the address from here on.
public struct ClientMiddleware<Context: ClientContext>: RouterMiddleware {
  private let trust: ProxyTrust

  public init(_ trust: ProxyTrust) { self.trust = trust }

  public func handle(
    _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
  ) async throws -> Response {
    var context = context
    let peer = ClientAddress(host: context.client.host, isSecure: request.head.scheme == "https")
    context.client = trust.client(peer: peer, forwarded: Self.forwarded(request))
    context.logger[metadataKey: "client"] = "\(context.client)"
    return try await next(request, context)
  }

  private static func forwarded(_ request: Request) -> ForwardedHeader? {
    if let value = request.headers[.forwarded] { return ForwardedHeader(value) }
    return request.headers[.xForwardedFor].flatMap {
      ForwardedHeader(addresses: $0, scheme: request.headers[.xForwardedProto])
    }
  }
}

extension HTTPField.Name {
  fileprivate static let forwarded = Self("Forwarded")!
  fileprivate static let xForwardedFor = Self("X-Forwarded-For")!
  fileprivate static let xForwardedProto = Self("X-Forwarded-Proto")!
}
