import Hummingbird
import Logging
import NIOCore
import NIOPosix
import Testing

@testable import WebServer

@Suite struct WebServerTests {
  private struct Silence: HTTPResponder {
    func respond(to request: Request, context: PlainContext) async throws -> Response { Response(status: .ok) }
  }

  private static func server(_ onListening: @escaping @Sendable (SocketAddress?) -> Void) -> WebServer {
    WebServer(
      at: .address(host: "127.0.0.1", port: 0), responder: { Silence() },
      limits: {
        ClientLimits(
          head: .seconds(5), body: .seconds(5), idle: .seconds(5), write: .seconds(5), connections: 1000,
          connectionsPerAddress: 0)
      }, certificates: { nil }, logger: .silent, onListening: onListening)
  }

  /// As where another service of the process fails: NIO traps when a connection that was accepted reaches nobody.
  @Test func aCancelledServerLosesNoConnection() async {
    await #expect(processExitsWith: .success) {
      for _ in 0..<20 {
        let (ports, heard) = AsyncStream.makeStream(of: Int?.self)
        let run = Task { try await Self.server { heard.yield($0?.port) }.run() }
        let port = try #require(await ports.first { _ in true } ?? nil)
        let clients = (0..<100).map { _ in
          ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(host: "127.0.0.1", port: port)
        }
        run.cancel()
        try await run.value
        for client in clients { try? await client.get().close() }
      }
    }
  }
}

extension Logger {
  static let silent = Logger(label: "WebServerTests") { _ in SwiftLogNoOpLogHandler() }
}
