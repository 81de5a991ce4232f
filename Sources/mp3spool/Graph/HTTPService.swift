import Foundation
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import Settings

/// One HTTP server as a service; says where it listens once it does.
struct HTTPService<Context: RequestContext>: Service where Context.Source == ApplicationRequestContextSource {
  let name: String
  let responder: RouterResponder<Context>
  let address: HostAndPort
  let logger: Logger

  func run() async throws {
    let (name, host, logger) = (name, address.host, logger)
    let application = Application(
      responder: responder,
      configuration: ApplicationConfiguration(address: .hostname(host, port: address.port), serverName: "mp3spool"),
      onServerRunning: { channel in
        let port = channel.localAddress?.port ?? 0
        logger.info("\(name) listens on http://\(HostAndPort("\(host):\(port)")?.description ?? "\(host):\(port)")")
      },
      logger: logger)
    do { try await application.run() } catch let error as IOError {
      throw Problem.unavailable("\(name) cannot listen on \(address): \(error.sentence)")
    }
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
