public import AuthService
import HTTPTypes
public import Hummingbird
import NIOCore
import NIOHTTPTypes
public import WebServer
public import WireFormats

/// What Hummingbird knows of a request, its connection, and who it is from.
public struct GatewayContext: GuardedContext {
  public var coreContext: CoreRequestContextStorage
  public var client: ClientAddress
  private let channel: any Channel
  public let end = AnswerEnd()
  public let visitor = Visitor()

  public init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    channel = source.channel
    client = ClientAddress(peerOf: source.channel)
  }

  /// Tells a client that waits for it (`Expect: 100-continue`) to send its body: to be called once the checks that need
  /// no body have passed, so that a refused upload is not sent at all. Hummingbird leaves this to us, and curl would
  /// wait a second for it (RFC 9110 §10.1.1).
  func askForBody(of request: Request) async throws {
    guard request.headers[.expect]?.lowercased() == "100-continue" else { return }
    try await channel.writeAndFlush(HTTPResponsePart.head(HTTPResponse(status: .continue)))
  }
}
