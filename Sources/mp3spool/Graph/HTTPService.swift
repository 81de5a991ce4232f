import DurableFiles
import Foundation
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Settings
import WebServer

/// One HTTP server as a service; says where it listens once it does.
struct HTTPService<Context: RequestContext>: Service where Context.Source == ApplicationRequestContextSource {
  let name: String
  /// Where it listens, unless a service manager listens for it.
  let address: HostAndPort
  let socket: CInt?
  let current: Current
  let responder: @Sendable (Arrangement) -> RouterResponder<Context>?
  let manager: ServiceManager
  let logger: Logger

  func run() async throws {
    let (name, current, responder, manager, logger) = (name, current, responder, manager, logger)
    let scheme = current.arrangement.certificates == nil ? "http" : "https"
    let server = WebServer(
      at: socket.map { .socket($0) } ?? .address(host: address.host, port: address.port),
      responder: { Answering(responder: responder(current.arrangement)) },
      limits: { current.arrangement.limits }, certificates: { current.arrangement.certificates }, logger: logger
    ) { [address, socket] own in
      let host = socket == nil ? address.host : own?.ipAddress ?? address.host
      let place = HostAndPort("[\(host)]:\(own?.port ?? 0)")?.description ?? "\(host)"
      logger.info("\(name) listens on \(scheme)://\(place)")
      manager.isReady()
    }
    do { try await server.run() } catch let error as IOError {
      throw Problem.unavailable("\(name) cannot listen on \(address): \(error.sentence)")
    } catch is SocketAddressError.UnknownHost {
      // A name server may know it later.
      throw Problem.unavailable("\(name) cannot listen on \(address): no address is known for this name")
    }
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
  /// The settings' limits, with as many connections as this process may have descriptors for.
  init(_ settings: WebSettings) {
    // What is not a connection: the spool's files, the database, the decoders' pipes, another server in this process.
    let descriptors = max(OpenFiles.raiseLimit() - 512, 64)
    self.init(
      head: TimeAmount(settings.headerTimeout), body: TimeAmount(settings.bodyTimeout),
      idle: TimeAmount(settings.idleTimeout), write: TimeAmount(settings.writeTimeout),
      connections: min(settings.connections, descriptors), connectionsPerAddress: settings.connectionsPerAddress)
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
