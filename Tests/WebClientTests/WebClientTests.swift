import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing
import WebClient

/// Asking a service that may stall at any point, or send one elsewhere.
@Suite struct WebClientTests {
  /// Says the same to each request, byte by byte as it stands there, and keeps the connection.
  private final class Saying: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let text: String

    init(_ text: String) { self.text = text }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
    }
  }

  private func withServer(saying text: String, _ body: (HTTPClientRequest) async throws -> Void) async throws {
    let server = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Saying(text)) }
      }.bind(host: "127.0.0.1", port: 0).get()
    do { try await body(HTTPClientRequest(url: "http://127.0.0.1:\(server.localAddress?.port ?? 0)/")) } catch {
      try? await server.close()
      throw error
    }
    try await server.close()
  }

  private static let halfAnAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"

  @Test(.timeLimit(.minutes(5)), arguments: ["", "HTTP/1.1 200", halfAnAnswer])
  func anAnswerThatStallsIsGivenUp(_ text: String) async throws {
    try await withServer(saying: text) { request in
      await #expect(throws: HTTPClientError.deadlineExceeded) {
        try await WebClient.patient.answer(to: request, within: .milliseconds(300), upTo: 1000)
      }
    }
  }

  @Test func aStatusIsKnownAlsoWhereTheRestStalls() async throws {
    try await withServer(saying: Self.halfAnAnswer) { request in
      let status = try await WebClient.patient.status(of: request, within: .milliseconds(300))
      #expect(status == .ok)
    }
  }

  @Test func anAnswerIsWholeAndNotTooLong() async throws {
    try await withServer(saying: "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX: y\r\n\r\nfour") { request in
      let answer = try await WebClient.hasty.answer(to: request, within: .seconds(20), upTo: 4)
      #expect(answer.status == .ok && answer.headers["x"] == ["y"] && String(buffer: answer.body) == "four")
      await #expect(throws: (any Error).self) {
        try await WebClient.hasty.answer(to: request, within: .seconds(20), upTo: 3)
      }
    }
  }

  @Test func nobodyIsFollowedElsewhere() async throws {
    let text = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    try await withServer(saying: text) { request in
      let answer = try await WebClient.patient.answer(to: request, within: .seconds(20), upTo: 4)
      #expect(answer.status == .found)
    }
  }

  @Test(.timeLimit(.minutes(5)), arguments: ["127.0.0.1", "localhost"])
  func whereNobodyListensTheHastySayAtOnceAndThePatientWait(_ host: String) async throws {
    let request = HTTPClientRequest(url: "http://\(host):1/")
    await #expect(throws: IOError.self) { try await WebClient.hasty.status(of: request, within: .hours(1)) }
    let begin = ContinuousClock.now
    await #expect(throws: (any Error).self) {
      try await WebClient.patient.status(of: request, within: .milliseconds(700))
    }
    #expect(ContinuousClock.now - begin > .milliseconds(600))
  }
}
