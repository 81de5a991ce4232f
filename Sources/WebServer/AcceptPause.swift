import Glibc
import Logging
import NIOCore

/// Accepts nothing for a moment where there is no descriptor or no memory for a connection, and nothing after the end. NIO
/// means to wait, too, but goes on being woken by the connection that it cannot take, and does nothing else.
final class AcceptPause: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = any Channel
  typealias InboundOut = any Channel
  typealias OutboundIn = Never
  typealias OutboundOut = Never

  enum Event {
    /// No more connections are accepted, for good.
    case end
  }

  private static let time = TimeAmount.seconds(1)
  /// Between two words about it in the log.
  private static let silence = TimeAmount.minutes(1)

  private let logger: Logger
  private var isPaused = false
  private var hasEnded = false
  private var lastTold: NIODeadline?

  init(logger: Logger) { self.logger = logger }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if let error = error as? IOError, [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(error.errnoCode) {
      pause(context, error)
    }
    context.fireErrorCaught(error)
  }

  private func pause(_ context: ChannelHandlerContext, _ error: IOError) {
    guard !isPaused, !hasEnded else { return }
    isPaused = true
    tell(error)
    let channel = context.channel
    channel.setOption(.autoRead, value: false).assumeIsolated().whenComplete { _ in
      channel.eventLoop.assumeIsolated().scheduleTask(in: Self.time) {
        self.isPaused = false
        if !self.hasEnded { _ = channel.setOption(.autoRead, value: true) }
      }
    }
  }

  private func tell(_ error: IOError) {
    let now = NIODeadline.now()
    if let lastTold, now < lastTold + Self.silence { return }
    lastTold = now
    logger.warning("connections have to wait", metadata: ["error": "\(error)"])
  }

  /// Other handlers ask for a connection by themselves, as when they have room again: that ends no pause.
  func read(context: ChannelHandlerContext) {
    if !isPaused && !hasEnded { context.read() }
  }

  func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
    guard case Event.end = event else { return context.triggerUserOutboundEvent(event, promise: promise) }
    hasEnded = true
    context.channel.setOption(.autoRead, value: false).cascade(to: promise)
  }
}
