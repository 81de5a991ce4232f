import NIOCore
import NIOHTTP2

/// Where a connection of HTTP/2 stands, beside the exchanges of its streams: what is awaited of the client, until when,
/// and when the connection is over. It decides; `HTTP2SessionHandler` acts.
///
///     open ─ idle for too long, or a stop ─► goodbye said ─ no streams any more, and a moment ─► closed
///     open ─ something that never ends ─► closed
///     any  ─ an error of the connection ─► broken ─ the client closes, or a moment ─► closed
struct HTTP2Session {
  enum Step: Equatable {
    case nothing
    /// Tell the client to open no other streams.
    case sayGoodbye
    case close
  }

  private let limits: ClientLimits
  private var frames = HTTP2Frames()
  private var unfinishedSince: NIODeadline?
  /// Those that the connection lasts for.
  private var streams: Set<HTTP2StreamID> = []
  private var hadStreams = false
  /// When the last of the streams ended.
  private var idleSince: NIODeadline
  private var stopSince: NIODeadline?
  private var goodbyeAt: NIODeadline?
  private var brokenSince: NIODeadline?

  init(limits: ClientLimits, now: NIODeadline) {
    self.limits = limits
    (idleSince, unfinishedSince) = (now, now)
  }

  /// Is nothing read any more?
  var isBroken: Bool { brokenSince != nil }
  var hasSaidGoodbye: Bool { goodbyeAt != nil }

  // MARK: - What happens

  mutating func tookBytes(_ bytes: ByteBufferView, at now: NIODeadline) {
    if frames.take(bytes) { unfinishedSince = nil }
    unfinishedSince = frames.isUnfinished ? unfinishedSince ?? now : nil
  }

  mutating func streamOpened(_ id: HTTP2StreamID, at now: NIODeadline) -> Step {
    hadStreams = true
    // Who goes on opening streams although told not to does not keep a service from stopping.
    if goodbyeAt.map({ now < $0 + ClientLimits.lingeringTime }) ?? true { streams.insert(id) }
    return stopSince != nil && !hasSaidGoodbye ? .sayGoodbye : .nothing
  }

  mutating func streamClosed(_ id: HTTP2StreamID, at now: NIODeadline) {
    if streams.remove(id) != nil, streams.isEmpty { idleSince = now }
  }

  /// The server takes no more connections. A client that was accepted a moment ago knows nothing of it: its first
  /// request is answered, if it comes soon.
  mutating func stop(at now: NIODeadline) -> Step {
    if stopSince == nil { stopSince = now }
    return hadStreams && !hasSaidGoodbye ? .sayGoodbye : .nothing
  }

  mutating func saidGoodbye(at now: NIODeadline) {
    if goodbyeAt == nil { goodbyeAt = now }
  }

  /// Nothing that the client says can be understood from here on (RFC 9113 §5.4.1), and it was told so.
  mutating func broke(at now: NIODeadline) {
    if brokenSince == nil { brokenSince = now }
  }

  // MARK: - Time

  /// When something has to happen, unless something else happens before.
  var deadline: NIODeadline? {
    if let brokenSince { return brokenSince + ClientLimits.lingeringTime }
    return [lateDeadline, restDeadline].compactMap(\.self).min()
  }

  private var lateDeadline: NIODeadline? { unfinishedSince.map { $0 + limits.head } }

  private var restDeadline: NIODeadline? {
    guard streams.isEmpty else { return nil }
    if let goodbyeAt { return max(goodbyeAt, idleSince) + ClientLimits.lingeringTime }
    let idle = idleSince + limits.idle
    return stopSince.map { min($0 + ClientLimits.lingeringTime, idle) } ?? idle
  }

  mutating func expire(at now: NIODeadline) -> Step {
    guard let deadline, deadline <= now else { return .nothing }
    if isBroken || hasSaidGoodbye { return .close }
    if let lateDeadline, lateDeadline <= now { return .close }
    return .sayGoodbye
  }
}
