import DurableFiles
import Foundation
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Settings
import Synchronization
import WebServer

/// One HTTP server as a service; says where it listens once it does.
struct HTTPService<Context: ClientContext>: Service where Context.Source == ApplicationRequestContextSource {
  let name: String
  /// Where it listens, unless a service manager listens for it.
  let address: HostAndPort
  /// Those that a service manager handed over.
  let sockets: [CInt]
  let current: Current
  let responder: @Sendable (Arrangement) -> RouterResponder<Context>?
  let manager: ServiceManager
  let logger: Logger

  func run() async throws {
    let places = sockets.isEmpty ? [.address(host: address.host, port: address.port)] : sockets.map(Place.socket)
    let silent = Atomic(places.count)
    let servers = places.map { place in
      server(at: place, share: places.count) { own in
        logger.info("\(name) listens on \(spelled(own))")
        if silent.subtract(1, ordering: .relaxed).newValue == 0 { manager.isReady() }
      }
    }
    do { try await Together(services: servers).run() } catch let error as IOError {
      throw Problem.unavailable("\(name) cannot listen on \(address): \(error.sentence)")
    } catch is SocketAddressError.UnknownHost {
      // A name server may know it later.
      throw Problem.unavailable("\(name) cannot listen on \(address): no address is known for this name")
    }
  }

  private typealias Place = WebServer.Place

  /// - Parameter share: among how many it shares the connections that the server may have.
  private func server(
    at place: Place, share: Int, onListening: @escaping @Sendable (SocketAddress?) -> Void
  ) -> WebServer {
    let (current, responder) = (current, responder)
    return WebServer(
      at: place, responder: { Answering(responder: responder(current.arrangement)) },
      limits: { current.arrangement.limits.shared(by: share) }, certificates: { current.arrangement.certificates },
      logger: logger, onListening: onListening)
  }

  /// An own address as a URL.
  private func spelled(_ own: SocketAddress?) -> String {
    let scheme = current.arrangement.certificates == nil ? "http" : "https"
    let host = sockets.isEmpty ? address.host : own?.ipAddress ?? address.host
    let place = HostAndPort("[\(host)]:\(own?.port ?? 0)")?.description ?? "\(host)"
    return "\(scheme)://\(place)"
  }

  /// The routes of the arrangement in which the request came.
  private struct Answering: HTTPResponder {
    let responder: RouterResponder<Context>?

    func respond(to request: Request, context: Context) async throws -> Response {
      guard let responder else { return Response(status: .serviceUnavailable) }
      return try await responder.respond(to: request, context: context)
    }
  }
}

extension ClientLimits {
  /// What is not a connection: the spool's files, the database, the decoders' pipes.
  private static let otherDescriptors = 512
  /// The least that a server can do with.
  private static let leastConnections = 32

  /// The settings' limits, with as many connections as this process may have descriptors for.
  ///
  /// - Parameter servers: how many servers of this process share these.
  /// - Throws: where there are too few. A server that had no descriptor for the file of an upload would fail again and again.
  init(_ settings: WebSettings, servers: Int) throws(Problem) {
    let most = OpenFiles.raiseLimit()
    let share = (most - Self.otherDescriptors) / max(servers, 1)
    guard servers == 0 || share >= Self.leastConnections else {
      throw .unavailable(
        "only \(most) files may be open in this process, and it needs "
          + "\(Self.otherDescriptors + servers * Self.leastConnections) for its servers: raise the limit (ulimit -n, or "
          + "LimitNOFILE= in its unit)")
    }
    self.init(
      head: TimeAmount(settings.headerTimeout), body: TimeAmount(settings.bodyTimeout),
      idle: TimeAmount(settings.idleTimeout), write: TimeAmount(settings.writeTimeout),
      connections: min(settings.connections, max(share, 1)), connectionsPerAddress: settings.connectionsPerAddress)
  }

  /// The same for one of several sockets of a server.
  fileprivate func shared(by sockets: Int) -> ClientLimits {
    var limits = self
    limits.connections = max(connections / sockets, 1)
    return limits
  }
}

extension IOError {
  /// The reason alone: the port is in use, or may not be used.
  fileprivate var sentence: String {
    switch errnoCode {
    case EADDRINUSE: "another program uses this port"
    case EACCES: "ports below 1024 need special rights"
    case EADDRNOTAVAIL: "this host does not have that address"
    default: description
    }
  }
}
