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

  /// Takes them: a process that this one starts does not get them.
  ///
  /// - Parameter process: for whom they must be.
  init(
    _ environment: [String: String] = ProcessInfo.processInfo.environment,
    process: Int32 = ProcessInfo.processInfo.processIdentifier
  ) {
    guard environment["LISTEN_PID"] == "\(process)", let count = environment["LISTEN_FDS"].flatMap({ CInt($0) }),
      count > 0, count <= 16
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

  /// The socket for a server: the one of its name; where no name is a server's, each server has the next one.
  ///
  /// - Parameter servers: those that the process runs.
  func socket(for server: Server, among servers: [Server]) -> CInt? {
    if let named = sockets.first(where: { $0.name == server.rawValue }) { return named.descriptor }
    guard sockets.allSatisfy({ Server(rawValue: $0.name) == nil }) else { return nil }
    guard let place = servers.firstIndex(of: server), sockets.indices.contains(place) else { return nil }
    return sockets[place].descriptor
  }
}
