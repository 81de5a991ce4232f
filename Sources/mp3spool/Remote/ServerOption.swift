import ArgumentParser
import Foundation

/// `--server`: the command is for a gateway, and not for a spool on this host.
struct ServerOption: ParsableArguments {
  @Option(help: "The URL of a gateway, instead of the spool here; also MP3SPOOL_SERVER. See login.") var server: String?

  /// The server that is meant, with the token of the login to it; nil where the spool here is meant. A login that is kept
  /// does not send a command elsewhere by itself.
  func chosen() throws -> RemoteServer? {
    let environment = ProcessInfo.processInfo.environment
    let named = server ?? environment["MP3SPOOL_SERVER"].flatMap { $0.isEmpty ? nil : $0 }
    guard let named else { return nil }
    var remote = try RemoteServer(named)
    if let token = environment["MP3SPOOL_TOKEN"], !token.isEmpty {
      remote.token = token
    } else if let login = try KeptLogins(environment: environment).logins[remote.url] {
      remote.token = login.token
    } else {
      throw Problem.usage("there is no login to \(remote.url); 'mp3spool login --server \(remote.url)' makes one")
    }
    return remote
  }

  /// The server, which must be named.
  func needed() throws -> RemoteServer {
    let named = server ?? ProcessInfo.processInfo.environment["MP3SPOOL_SERVER"] ?? ""
    guard !named.isEmpty else { throw Problem.usage("name the server: --server URL") }
    return try RemoteServer(named)
  }
}
