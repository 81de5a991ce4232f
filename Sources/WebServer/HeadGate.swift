import NIOCore
import NIOHTTP1

/// Lets in the requests of HTTP/1 whose head can be read in one way only; behind the first that cannot, nothing is read.
final class HeadGate: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  private let exchange: ExchangeHandler
  private var isShut = false
  private var lastHasBegun = false
  private var clientIsOld = false

  init(_ exchange: ExchangeHandler) { self.exchange = exchange }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !isShut else { return }
    switch unwrapInboundIn(data) {
    case .head(let head): take(head, context)
    case .body: context.fireChannelRead(data)
    case .end:
      isShut = lastHasBegun
      context.fireChannelRead(data)
    }
  }

  private func take(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    do {
      let reading = try HeadReading(head)
      if reading.isLast {
        lastHasBegun = true
        exchange.nextRequestIsLast()
      }
      context.fireChannelRead(wrapInboundOut(.head(read(head, as: reading))))
    } catch {
      isShut = true
      exchange.refuse(error.refusal)
    }
  }

  private func read(_ head: HTTPRequestHead, as reading: HeadReading) -> HTTPRequestHead {
    var head = head
    head.uri = reading.target
    if let host = reading.host { head.headers.replaceOrAdd(name: "Host", value: host) }
    if head.version.minor == 0 {
      clientIsOld = true
      // RFC 9110 §10.1.1: HTTP/1.0 does not know it.
      head.headers.remove(name: "Expect")
    }
    return head
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard clientIsOld, case .head(var head) = unwrapOutboundIn(data) else {
      return context.write(data, promise: promise)
    }
    // NIO sends no chunks to this version (RFC 9112 §6.1): the end of the connection ends the body.
    head.version = .http1_0
    context.write(wrapOutboundOut(.head(head)), promise: promise)
  }
}

/// Notices the bytes of HTTP/1 before they are parsed: those of a head that never ends make no part of a request.
final class ByteTap: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private let exchange: ExchangeHandler

  init(_ exchange: ExchangeHandler) { self.exchange = exchange }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    exchange.tookBytes(unwrapInboundIn(data).readableBytes)
    context.fireChannelRead(data)
  }
}
