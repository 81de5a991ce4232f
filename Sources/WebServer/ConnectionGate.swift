import NIOCore
import Synchronization

/// Counts the connections of each address, and lets none in beyond the limit.
final class ConnectionGate: Sendable {
  private let counts = Mutex<[String: Int]>([:])

  /// - Parameter limit: the most connections of one address; 0: as many as it likes, which are not counted.
  /// - Returns: false where the address has its connections already.
  func enter(_ channel: any Channel, limit: Int) -> Bool {
    guard limit > 0, let address = channel.remoteAddress?.ipAddress else { return true }
    let isIn = counts.withLock { counts in
      guard counts[address, default: 0] < limit else { return false }
      counts[address, default: 0] += 1
      return true
    }
    if isIn { channel.closeFuture.whenComplete { [self] _ in leave(address) } }
    return isIn
  }

  private func leave(_ address: String) {
    counts.withLock { counts in
      counts[address, default: 0] -= 1
      if counts[address] == 0 { counts[address] = nil }
    }
  }
}

/// Says to a connection that may not come in that it may not, and ends it.
final class FullHouse: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private static let words = "there are too many connections from this address"
  private static let answer = """
    HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\n\
    Content-Length: \(words.utf8.count)\r\nRetry-After: 5\r\nConnection: close\r\n\r\n\(words)
    """

  func channelActive(context: ChannelHandlerContext) {
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: Self.answer)), promise: nil)
    context.close(mode: .output, promise: nil)
    // What the client has sent is thrown away, so that it sees the answer and no reset.
    let context = NIOLoopBound(context, eventLoop: context.eventLoop)
    context.value.eventLoop.scheduleTask(in: ClientLimits.lingeringTime) { context.value.close(promise: nil) }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {}
}
