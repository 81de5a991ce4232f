import NIOCore

/// Keeps the news of a stop for the handlers that come into the pipeline once a handshake is over. A client that does not
/// finish its handshake soon after is let go.
final class HeldStop: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = NIOAny

  private var held: ChannelShouldQuiesceEvent?
  private var context: ChannelHandlerContext?

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard let event = event as? ChannelShouldQuiesceEvent else { return context.fireUserInboundEventTriggered(event) }
    held = event
    context.eventLoop.assumeIsolated().scheduleTask(in: ClientLimits.lingeringTime) {
      self.context?.close(promise: nil)
    }
  }

  /// The handlers that it concerns are there.
  func pass() {
    guard let context else { return }
    if let held { context.fireUserInboundEventTriggered(held) }
    context.pipeline.syncOperations.removeHandler(self, promise: nil)
  }
}
