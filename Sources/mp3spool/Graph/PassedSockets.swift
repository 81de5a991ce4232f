import Foundation
import Glibc

/// The sockets that a service manager opened for this process, and that listen already (sd_listen_fds(3)): descriptors from
/// 3 on, with names where the manager gives some. Connections that are made while the process starts, or is started
/// anew, wait in them.
struct PassedSockets {
  /// The servers of a process, in the order in which sockets without names are theirs.
  enum Server: String, CaseIterable { case gateway, auth }

  private let sockets: [(descriptor: CInt, name: String)]

  private static let first: CInt = 3
  /// More than anybody has; each number below it is a descriptor.
  private static let most: CInt = 1024

  /// Takes them: a process that this one starts does not get them.
  ///
  /// - Parameter process: for whom they must be.
  init(
    _ environment: [String: String] = ProcessInfo.processInfo.environment,
    process: Int32 = ProcessInfo.processInfo.processIdentifier
  ) {
    guard environment["LISTEN_PID"] == "\(process)", let count = environment["LISTEN_FDS"].flatMap({ CInt($0) }),
      count > 0, count <= Self.most
    else {
      sockets = []
      return
    }
    let names = environment["LISTEN_FDNAMES"]?.split(separator: ":", omittingEmptySubsequences: false) ?? []
    sockets = (0..<count).map { place in
      (Self.first + place, names.indices.contains(Int(place)) ? String(names[Int(place)]) : "")
    }
    for socket in sockets { _ = fcntl(socket.descriptor, F_SETFD, FD_CLOEXEC) }
  }

  /// The sockets of each server: all that have its name. Where no name is a server's, a server that is alone has them all,
  /// and of several each has the next one.
  ///
  /// - Parameter servers: those that the process runs.
  /// - Throws: where a socket is nobody's: clients would connect to it, and wait for ever.
  func shares(of servers: [Server]) throws(Problem) -> [Server: [CInt]] {
    let owners = sockets.contains { Server(rawValue: $0.name) != nil } ? byName() : byOrder(servers)
    for (socket, owner) in zip(sockets, owners) where owner.map(servers.contains) != true {
      throw .usage(
        "the service manager listens with \(sockets.count) sockets, and no server of this process takes the one named "
          + "'\(socket.name)'; see FileDescriptorName= of the socket unit")
    }
    let shares = zip(sockets, owners).compactMap { socket, owner in owner.map { ($0, [socket.descriptor]) } }
    return Dictionary(shares, uniquingKeysWith: +)
  }

  private func byName() -> [Server?] { sockets.map { Server(rawValue: $0.name) } }

  private func byOrder(_ servers: [Server]) -> [Server?] {
    sockets.indices.map { place in
      if servers.count == 1 { return servers[0] }
      return servers.indices.contains(place) ? servers[place] : nil
    }
  }
}
