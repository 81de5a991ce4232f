import HTTPTypes
public import Hummingbird
import NIOCore
import Synchronization
public import WebServer
public import WireFormats

/// What the guards ask of a request's context.
public protocol GuardedContext: ClientContext {
  /// Where the door leaves word of who it was.
  var visitor: Visitor { get }
}

/// Who a request turned out to be from, for those who asked before it was known.
public final class Visitor: Sendable {
  private let state = Mutex<Caller?>(nil)

  public init() {}

  /// nil where nobody has been let in.
  public var caller: Caller? { state.withLock { $0 } }

  func note(_ caller: Caller) { state.withLock { $0 = caller } }
}

/// What Hummingbird knows of a request to the auth service, and its client.
public struct AuthContext: GuardedContext {
  public var coreContext: CoreRequestContextStorage
  public var client: ClientAddress
  public let visitor = Visitor()

  public init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    client = ClientAddress(peerOf: source.channel)
  }
}
