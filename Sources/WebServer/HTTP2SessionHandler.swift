import NIOCore
import NIOHTTP2

/// Keeps one connection of HTTP/2 to its limits: acts as `HTTP2Session` decides. What belongs to a stream is the matter of
/// the stream's `ExchangeHandler`.
///
/// It stands between NIO's handler of HTTP/2 and the one that says goodbye (two GOAWAY frames with a PING between them,
/// RFC 9113 §6.8), which closes the connection by itself only for clients that answer.
final class HTTP2SessionHandler: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTP2Frame
  typealias InboundOut = HTTP2Frame
  typealias OutboundIn = HTTP2Frame
  typealias OutboundOut = HTTP2Frame

  private var session: HTTP2Session
  private var context: ChannelHandlerContext?
  private var timer = DeadlineTimer()
  private var toldOfAnError = false

  init(limits: ClientLimits) { session = HTTP2Session(limits: limits, now: .now()) }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    arm()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    timer.cancel()
    self.context = nil
  }

  // MARK: - What comes

  /// - Returns: whether they are to be read.
  func tookBytes(_ bytes: ByteBufferView) -> Bool {
    guard !session.isBroken else { return false }
    session.tookBytes(bytes, at: .now())
    arm()
    return true
  }

  /// The server takes no more connections.
  func stop() {
    act(session.stop(at: .now()))
    arm()
  }

  fileprivate func streamOpened(_ id: HTTP2StreamID) {
    let step = session.streamOpened(id, at: .now())
    // NIO is in the midst of opening it.
    if step != .nothing, let context { context.eventLoop.assumeIsolated().execute { self.act(step) } }
    arm()
  }

  fileprivate func streamClosed(_ id: HTTP2StreamID) {
    session.streamClosed(id, at: .now())
    arm()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    context.fireUserInboundEventTriggered(event)
    // A client that reads but sends no more cannot even say that it has room for an answer.
    if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.fireErrorCaught(error)
    // Errors of streams come here, too. NIO says GOAWAY where it is one of the connection, and leaves the rest to us.
    guard toldOfAnError, !session.isBroken else { return }
    session.broke(at: .now())
    context.close(mode: .output, promise: nil)
    arm()
  }

  // MARK: - What is done

  private func act(_ step: HTTP2Session.Step) {
    switch step {
    case .nothing: break
    case .sayGoodbye: sayGoodbye()
    case .close:
      if !session.isBroken { sayGoodbye() }
      context?.close(promise: nil)
    }
  }

  private func sayGoodbye() {
    guard let context, !session.hasSaidGoodbye else { return }
    session.saidGoodbye(at: .now())
    context.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    arm()
  }

  // MARK: - Time

  private func arm() {
    guard let context else { return }
    timer.arm(for: session.deadline, on: context.eventLoop) { self.timerWentOff() }
  }

  private func timerWentOff() {
    timer.wentOff()
    act(session.expire(at: .now()))
    arm()
  }
}

extension HTTP2SessionHandler: NIOHTTP2FrameDelegate {
  func wroteFrame(_ frame: HTTP2Frame) {
    if case .goAway(_, let code, _) = frame.payload, code != .noError { toldOfAnError = true }
  }
}

/// Stands before NIO's handler of HTTP/2: sees its bytes, keeps from it those that come after an error, and takes the news
/// of a stop, which would end streams whose request is just coming.
final class HTTP2Tap: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private let session: HTTP2SessionHandler

  init(_ session: HTTP2SessionHandler) { self.session = session }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if session.tookBytes(unwrapInboundIn(data).readableBytesView) { context.fireChannelRead(data) }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is ChannelShouldQuiesceEvent { session.stop() } else { context.fireUserInboundEventTriggered(event) }
  }
}

/// Tells both who keep count of a connection's streams.
struct HTTP2StreamCount: NIOHTTP2StreamDelegate {
  private let session: NIOLoopBound<HTTP2SessionHandler>
  private let goodbye: NIOHTTP2ServerConnectionManagementHandler.HTTP2StreamDelegate

  init(_ session: HTTP2SessionHandler, _ goodbye: NIOHTTP2ServerConnectionManagementHandler, on loop: any EventLoop) {
    self.session = NIOLoopBound(session, eventLoop: loop)
    self.goodbye = goodbye.http2StreamDelegate
  }

  func streamCreated(_ id: HTTP2StreamID, channel: any Channel) {
    goodbye.streamCreated(id, channel: channel)
    session.value.streamOpened(id)
  }

  func streamClosed(_ id: HTTP2StreamID, channel: any Channel) {
    goodbye.streamClosed(id, channel: channel)
    session.value.streamClosed(id)
  }
}
