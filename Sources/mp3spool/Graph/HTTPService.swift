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
  let responder: RouterResponder<Context>
  let address: HostAndPort
  let limits: ClientLimits
  let certificates: Certificates?
  let manager: ServiceManager
  let logger: Logger

  func run() async throws {
    let (name, host, manager, logger) = (name, address.host, manager, logger)
    let scheme = certificates == nil ? "http" : "https"
    let application = Application(
      responder: responder, server: .web(limits: limits, certificates: certificates),
      configuration: ApplicationConfiguration(
        address: .hostname(host, port: address.port), serverName: "mp3spool", backlog: 1024,
        availableConnectionsDelegate: limits.acceptance),
      services: certificates.map { [CertificateWatch(certificates: $0, logger: logger)] } ?? [],
      onServerRunning: { channel in
        let port = channel.localAddress?.port ?? 0
        let address = HostAndPort("\(host):\(port)")?.description ?? "\(host):\(port)"
        logger.info("\(name) listens on \(scheme)://\(address)")
        manager.isReady()
      },
      logger: logger)
    do { try await application.run() } catch let error as IOError {
      throw Problem.unavailable("\(name) cannot listen on \(address): \(error.sentence)")
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
