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

/// Who a request turned out to be from and what it is about, for the audit log, which is told at the end.
public final class Visitor: Sendable {
  private let state = Mutex<(caller: Caller?, event: AuditEvent?, fid: String?)>((nil, nil, nil))

  public init() {}

  /// nil where nobody has been let in.
  public var caller: Caller? { state.withLock(\.caller) }
  /// What the request turned out to be, where its path does not say it.
  var event: AuditEvent? { state.withLock(\.event) }
  /// The job that it was about, where neither its path nor the answer's `Location` says it.
  var fid: String? { state.withLock(\.fid) }

  func note(_ caller: Caller) { state.withLock { $0.caller = caller } }
  /// Tells the audit log what this request is, such as a tus upload's last one.
  public func note(_ event: AuditEvent) { state.withLock { $0.event = event } }
  public func note(fid: String) { state.withLock { $0.fid = fid } }
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
