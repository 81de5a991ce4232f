import Glibc
import NIOCore
import NIOEmbedded
import Testing

@testable import WebServer

/// What is accepted comes by reads of the listening channel; other handlers ask for them, too, as when they have room again.
@Suite struct AcceptPauseTests {
  private final class Reads: ChannelOutboundHandler {
    typealias OutboundIn = Never
    var count = 0

    func read(context: ChannelHandlerContext) {
      count += 1
      context.read()
    }
  }

  private let reads = Reads()
  private let channel: EmbeddedChannel

  init() {
    channel = EmbeddedChannel(handlers: [reads, AcceptPause(logger: .silent)])
    channel.read()
  }

  @Test func nothingIsAcceptedAfterTheEnd() throws {
    #expect(reads.count == 1)
    try channel.triggerUserOutboundEvent(AcceptPause.Event.end).wait()
    channel.read()
    #expect(reads.count == 1)
  }

  @Test func nothingIsAcceptedInAPause() throws {
    channel.pipeline.fireErrorCaught(IOError(errnoCode: EMFILE, reason: "accept"))
    channel.read()
    #expect(reads.count == 1)
    channel.embeddedEventLoop.advanceTime(by: .seconds(1))
    channel.read()
    #expect(reads.count == 2)
  }
}
