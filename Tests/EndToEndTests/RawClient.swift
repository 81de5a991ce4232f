import Foundation

extension Scratch {
  /// Runs a script in Python that talks to a port by a socket of its own; what it prints is the result.
  ///
  /// The script has `connect()`, `said(socket)`: all until the other side closes, and what ended it, and `port`, `token`.
  func python(_ script: String, port: String, _ arguments: String...) async throws -> String {
    try await python(script, port: port, arguments)
  }

  func python(_ script: String, port: String, _ arguments: [String]) async throws -> String {
    let outcome = try await launchPython(script, port: port, arguments).outcome()
    guard outcome.status == 0 else { throw Disappointment(description: "\(outcome)") }
    return outcome.output
  }

  /// Starts such a script, and does not wait for its end.
  func launchPython(_ script: String, port: String, _ arguments: [String]) throws -> Command {
    let prelude = """
      import os, socket, sys, time
      port, token, arguments = int(sys.argv[1]), sys.argv[2], sys.argv[3:]

      def connect(**options):
          client = socket.socket()
          for name, value in options.items():
              client.setsockopt(socket.SOL_SOCKET, getattr(socket, name), value)
          client.settimeout(20)
          client.connect(("127.0.0.1", port))
          return client

      def said(client):
          words = b""
          try:
              while portion := client.recv(65536): words += portion
              return words.decode(), "end"
          except TimeoutError: return words.decode(), "silence"
          except ConnectionError: return words.decode(), "reset"


      """
    let file = try write("logs/\(UUID().uuidString).py", (prelude + script).utf8)
    return try launch("python3", [file, port, Accounts.adminToken] + arguments)
  }
}
