import Glibc
public import Hummingbird
import HummingbirdCore
public import Logging
public import NIOCore
import NIOExtras
import NIOPosix
public import ServiceLifecycle

/// One HTTP server: HTTP/1.1, or with certificates HTTP/1.1 and HTTP/2 over TLS, with limits for every client.
///
/// At a graceful stop it takes no more connections, lets idle ones go, and ends once the requests that run have been
/// answered. Hummingbird's own server can only bind a socket by itself.
public struct WebServer: Service {
  /// Where connections come from.
  public enum Place: Sendable {
    case address(host: String, port: Int)
    /// A socket that listens already, which a service manager handed over.
    case socket(CInt)
  }

  private let place: Place
  private let channel: WebChannel
  private let connections: Int
  private let logger: Logger
  private let onListening: @Sendable (SocketAddress?) -> Void

  /// How many connections wait in the kernel until they are accepted.
  private static let backlog: Int32 = 4096

  /// - Parameters:
  ///   - responder: asked for at each request, so that another one may take its place.
  ///   - limits: asked for at each connection; the number of connections counts at the start.
  ///   - certificates: the same; whether there are any counts at the start.
  ///   - onListening: called with the own address once connections are accepted.
  public init<Answering: HTTPResponder>(
    at place: Place, responder: @escaping @Sendable () -> Answering, limits: @escaping @Sendable () -> ClientLimits,
    certificates: @escaping @Sendable () -> Certificates?, logger: Logger,
    onListening: @escaping @Sendable (SocketAddress?) -> Void
  ) where Answering.Context: ClientContext & InitializableFromSource<ApplicationRequestContextSource> {
    (self.place, self.logger, self.onListening) = (place, logger, onListening)
    connections = limits().connections
    channel = WebChannel(
      responder: Answers(responder: responder, logger: logger).write, limits: limits, certificates: certificates,
      gate: ConnectionGate())
  }

  public func run() async throws {
    let (quiescing, arrivals) = (ServerQuiescingHelper(group: MultiThreadedEventLoopGroup.singleton), Arrivals())
    let listener = try await listen(quiescing, arrivals)
    // A task of its own, since being cancelled comes last for it.
    let serving = Task { await serve(listener, arrivals) }
    await withGracefulShutdownHandler {
      await withTaskCancellationHandler {
        onListening(listener.channel.localAddress)
        await serving.value
      } onCancel: {
        end(listener.channel, arrivals) { serving.cancel() }
      }
    } onGracefulShutdown: {
      end(listener.channel, arrivals) { quiescing.initiateShutdown(promise: nil) }
    }
  }

  /// Leaves connections that come from now on in the socket, for whoever has it next, and lets those that were accepted
  /// arrive before the rest.
  private func end(_ channel: any Channel, _ arrivals: Arrivals, rest: @escaping @Sendable () -> Void) {
    channel.triggerUserOutboundEvent(AcceptPause.Event.end).whenComplete { _ in arrivals.afterLast(rest) }
  }

  private typealias Listener = NIOAsyncChannel<WebChannel.Value, Never>

  private func listen(_ quiescing: ServerQuiescingHelper, _ arrivals: Arrivals) async throws -> Listener {
    let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      // It would accept a few at a time, the last of them beyond the limit.
      .serverChannelOption(.maxMessagesPerRead, value: 1)
      .serverChannelInitializer { [connections, logger] channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandlers([AcceptPause(logger: logger), arrivals])
          // Connections beyond the limit stay in the kernel's queue until others end.
          let room = AvailableConnectionsChannelHandler(maxConnections: connections)
          try channel.pipeline.syncOperations.addHandler(room)
          try channel.pipeline.syncOperations.addHandler(quiescing.makeServerChannelHandler(channel: channel))
        }
      }
    switch place {
    case .address(let host, let port):
      return try await bootstrap.serverChannelOption(.backlog, value: Self.backlog)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .bind(host: host, port: port) { channel.setup(channel: $0, logger: logger) }
    case .socket(let descriptor):
      let listener = try await bootstrap.bind(descriptor) { channel.setup(channel: $0, logger: logger) }
      // NIO has it listen once more, with a backlog of its own.
      _ = Glibc.listen(descriptor, Self.backlog)
      return listener
    }
  }

  private func serve(_ listener: Listener, _ arrivals: Arrivals) async {
    await withDiscardingTaskGroup { group in
      do {
        try await listener.executeThenClose { connections in
          for try await connection in connections {
            arrivals.arrived(connection.channel)
            group.addTask { await channel.handle(value: connection, logger: logger) }
          }
        }
      } catch is CancellationError {
      } catch { logger.error("no more connections are accepted", metadata: ["error": "\(error)"]) }
      arrivals.end()
    }
  }
}
