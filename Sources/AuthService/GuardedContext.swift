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
  private struct State {
    var caller: Caller?
    var events: [AuditEvent]?
    var fid: String?
    var account: String?
  }

  private let state = Mutex(State())

  public init() {}

  /// nil where nobody has been let in.
  public var caller: Caller? { state.withLock(\.caller) }
  /// What the request turned out to be, where its path does not say it.
  var events: [AuditEvent]? { state.withLock(\.events) }
  /// The job that it was about, where neither its path nor the answer's `Location` says it.
  var fid: String? { state.withLock(\.fid) }
  /// The account that it was about, where that is another's.
  var account: String? { state.withLock(\.account) }

  func note(_ caller: Caller) { state.withLock { $0.caller = caller } }
  /// Tells the audit log what this request is, such as a tus upload's last one.
  public func note(_ event: AuditEvent) { note([event]) }
  /// The same of a request that does several things, each of which is worth a line.
  func note(_ events: [AuditEvent]) { state.withLock { $0.events = events } }
  func note(account: String) { state.withLock { $0.account = account } }
  public func note(fid: String) { state.withLock { $0.fid = fid } }
}

/// What Hummingbird knows of a request to the auth service, and its client.
public struct AuthContext: GuardedContext {
  public var coreContext: CoreRequestContextStorage
  public var client: ClientAddress
  public let end = AnswerEnd()
  public let visitor = Visitor()

  public init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    client = ClientAddress(peerOf: source.channel)
  }
}
