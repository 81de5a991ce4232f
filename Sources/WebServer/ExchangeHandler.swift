import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOHTTPTypesHTTP2

/// Keeps one connection of HTTP/1.1, or one stream of HTTP/2, to its limits: acts as `Exchange` decides.
///
/// An answer that comes before its request's body was read ends the connection: it says `Connection: close`, the output
/// is closed, and for a moment what still comes is read and thrown away, so that the client sees the answer instead of a
/// reset (RFC 9112 §9.6). A stream of HTTP/2 is reset with NO_ERROR instead (RFC 9113 §8.1).
final class ExchangeHandler: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  enum Wire { case connection, stream }

  private let wire: Wire
  private var exchange: Exchange
  private var context: ChannelHandlerContext?
  private var timer = DeadlineTimer()
  private var thrownAway = 0
  private var inputIsClosed = false
  private var quiescing = Quiescing.notYet

  /// The server takes no more connections. One that was accepted a moment ago has a client that knows nothing of it: its
  /// first request is answered, if it comes soon.
  private enum Quiescing {
    /// Nothing came so far, neither a request nor the event.
    case notYet
    case heldBack(ChannelShouldQuiesceEvent)
    /// It is up to the handlers behind.
    case passed
  }

  init(_ wire: Wire, limits: ClientLimits) {
    self.wire = wire
    exchange = Exchange(limits: limits, now: .now())
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    arm()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    timer.cancel()
    self.context = nil
  }

  // MARK: - What comes

  /// Bytes of HTTP/1.1 have come, before they are parsed.
  func tookBytes(_ count: Int) {
    guard !exchange.isLingering else { return thrownAway += count }
    exchange.tookBytes(at: .now())
    arm()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !exchange.isLingering else { return }
    switch unwrapInboundIn(data) {
    case .head: exchange.headCame()
    case .body(let bytes): exchange.bodyCame(bytes.readableBytes, at: .now())
    case .end: exchange.requestEnded(at: .now())
    }
    context.fireChannelRead(data)
    passQuiesceEvent(context)
    arm()
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    context.fireChannelReadComplete()
    if exchange.isLingering { throwMoreAway(context) }
  }

  func read(context: ChannelHandlerContext) {
    // While it lingers, the reading is done here: whoever stands behind may want no more.
    guard !exchange.isLingering else { return }
    exchange.awaitBytes(at: .now())
    context.read()
    arm()
  }

  /// The bytes beyond the limit stay where they are, and the kernel tells the client to send no more.
  private func throwMoreAway(_ context: ChannelHandlerContext) {
    if thrownAway < ClientLimits.lingering { context.read() }
  }

  /// Lets the handlers behind know of a stop that was held back, and from now on at once.
  private func passQuiesceEvent(_ context: ChannelHandlerContext) {
    let before = quiescing
    quiescing = .passed
    if case .heldBack(let event) = before { context.fireUserInboundEventTriggered(event) }
  }

  /// - Returns: whether this stop is for later.
  private func holdBack(_ event: Any, _ context: ChannelHandlerContext) -> Bool {
    guard wire == .connection, case .notYet = quiescing, let event = event as? ChannelShouldQuiesceEvent else {
      return false
    }
    quiescing = .heldBack(event)
    context.eventLoop.assumeIsolated().scheduleTask(in: ClientLimits.lingeringTime) {
      if let context = self.context { self.passQuiesceEvent(context) }
    }
    return true
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if holdBack(event, context) { return }
    if case ChannelEvent.inputClosed = event {
      inputIsClosed = true
      breakOffBody(context)
      if exchange.isLingering, exchange.isWritten { context.close(promise: nil) }
    }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    breakOffBody(context)
    context.fireChannelInactive()
  }

  /// Whoever reads a body that ends too early must not take it for a whole one: Hummingbird does where no error tells.
  private func breakOffBody(_ context: ChannelHandlerContext) {
    if exchange.isInBody { context.fireErrorCaught(HTTPParserError.invalidEOFState) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case HTTPParserError.invalidEOFState: context.fireErrorCaught(error)
    case HTTPParserError.headerOverflow: refuse(.headTooLarge)
    case is HTTPParserError, is HTTP1TypeConversionError: refuse(.notHTTP)
    default: context.fireErrorCaught(error)
    }
  }

  // MARK: - What goes

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard !exchange.isLingering else {
      promise?.fail(ChannelError.ioOnClosedChannel)
      return
    }
    switch unwrapOutboundIn(data) {
    case .head(var head) where head.status.kind != .informational:
      if exchange.answerBegins(), wire == .connection { head.headerFields[.connection] = "close" }
      // RFC 9113 §8.2.2: HTTP/2 has no such field.
      if wire == .stream { head.headerFields[.connection] = nil }
      pass(.head(head), context, promise)
    case .end(let trailer):
      pass(.end(trailer), context, promise)
      act(exchange.answerEnded(at: .now()), context)
    case let part: pass(part, context, promise)
    }
    arm()
  }

  /// Writes, and notices when it is out.
  private func pass(_ part: HTTPResponsePart, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
    let written = promise ?? context.eventLoop.makePromise()
    exchange.writes(at: .now())
    written.futureResult.assumeIsolated().whenComplete { _ in self.wrote() }
    context.write(wrapOutboundOut(part), promise: written)
  }

  private func wrote() {
    exchange.wrote(at: .now())
    guard exchange.isLingering, let context else { return }
    if inputIsClosed, exchange.isWritten { context.close(promise: nil) } else { arm() }
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    guard mode == .output, wire == .connection else { return context.close(mode: mode, promise: promise) }
    // Hummingbird has answered its last request, and would wait for the client to close.
    if !exchange.isLingering { linger(context) }
    promise?.succeed()
  }

  // MARK: - Ends

  /// Answers in the server's own name, once the requests before have their answers; nothing is read after that.
  func refuse(_ refusal: Refusal) {
    guard let context, !exchange.isLingering else { return }
    let isInBody = exchange.isInBody
    act(exchange.broke(refusal), context)
    // Whoever reads the body learns that no more of it comes.
    if isInBody { context.fireErrorCaught(refusal) }
    arm()
  }

  /// After the answer to the request whose head comes next the connection ends.
  func nextRequestIsLast() { exchange.requestWasLast() }

  private func act(_ step: Exchange.Step, _ context: ChannelHandlerContext) {
    switch step {
    case .nothing: break
    case .refuse(let refusal):
      write(refusal, context)
      linger(context)
    case .linger: linger(context)
    case .close: context.close(promise: nil)
    }
  }

  private func write(_ refusal: Refusal, _ context: ChannelHandlerContext) {
    let body = ByteBuffer(string: refusal.sentence)
    var head = HTTPResponse(status: refusal.status)
    head.headerFields[.contentType] = "text/plain; charset=utf-8"
    head.headerFields[.contentLength] = "\(body.readableBytes)"
    if wire == .connection { head.headerFields[.connection] = "close" }
    for part in [HTTPResponsePart.head(head), .body(body), .end(nil)] { pass(part, context, nil) }
  }

  private func linger(_ context: ChannelHandlerContext) {
    let leavesBody = exchange.isInBody
    exchange.linger(at: .now())
    context.flush()
    guard wire == .connection else { return endStream(context, leavesBody) }
    // With both sides closed NIO closes at once and forgets what is unwritten: `wrote` closes then.
    if inputIsClosed {
      if exchange.isWritten { context.close(promise: nil) }
    } else {
      context.close(mode: .output, promise: nil)
      context.read()
    }
    arm()
  }

  private func endStream(_ context: ChannelHandlerContext, _ leavesBody: Bool) {
    guard leavesBody else { return }
    context.triggerUserOutboundEvent(NIOHTTP2FramePayloadToHTTPEvent.reset(code: .noError), promise: nil)
  }

  // MARK: - Time

  private func arm() {
    guard let context else { return }
    timer.arm(for: exchange.deadline, on: context.eventLoop) { self.timerWentOff() }
  }

  private func timerWentOff() {
    timer.wentOff()
    guard let context else { return }
    let isInBody = exchange.isInBody
    let step = exchange.expire(at: .now())
    act(step, context)
    if isInBody, step != .nothing { context.fireErrorCaught(Refusal.tooSlow) }
    arm()
  }
}
