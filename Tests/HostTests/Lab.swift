import Foundation

@testable import EndToEndTests

/// A real NFS server and client hosts, each its own kernel, on this machine: what `Lab/nfs-lab.sh` offers.
struct Lab: Sendable {
  let scratch: Scratch
  /// This machine's directory that every host has as `/host`.
  let side: URL

  private static let files = URL(filePath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
    .appending(path: "Lab")
  /// `etc/test hosts` names them, since it clears away what an interrupted run leaves.
  private static let place = setting("NFSLAB_DIR") ?? "/var/tmp/nfs-lab"
  static let network = setting("NFSLAB_NETNS") ?? "nfslab"

  private static func setting(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }

  /// Runs a server and so many clients while `body` does; whatever happens, they do not outlive it.
  static func use(clients count: Int, disk: String = "4G", _ body: (Lab) async throws -> Void) async throws {
    try await Scratch.use { scratch in
      let lab = Lab(scratch: scratch, side: URL(filePath: place).appending(path: "host"))
      do {
        try await lab.command("up", "\(count)", settings: ["NFSDISK=\(disk)"])
        for directory in ["clips", "logs"] {
          try FileManager.default.createDirectory(
            at: lab.side.appending(path: directory), withIntermediateDirectories: true)
        }
        try FileManager.default.copyItem(atPath: Program.path, toPath: lab.side.appending(path: "mp3spool").path)
        try await body(lab)
      } catch {
        lab.keepLogs()
        try await lab.command("down")
        throw error
      }
      try await lab.command("down")
    }
  }

  /// One of the lab's own words: `cut`, `heal`, `kill`, `start`, `pause`, `cont`.
  func command(_ words: String..., settings: [String] = []) async throws {
    let outcome = try await scratch.tool("env", settings + Self.environment + Self.program + words)
    guard outcome.status == 0 else { throw Disappointment(description: "nfs-lab.sh \(words): \(outcome)") }
  }

  /// Runs a shell's script on a host, which may fail. After `seconds` it is killed; where the host does not answer, it is
  /// given up some seconds later.
  func attempt(_ script: String, on host: String, within seconds: Int = 60) async throws -> Outcome {
    let limited = ["timeout", "-k", "1", "\(seconds + 5)"] + Self.program
    let words = ["exec", host, "timeout", "-s", "KILL", "\(seconds)", "sh", "-c", script]
    return try await scratch.tool("env", Self.environment + limited + words)
  }

  /// Runs a shell's script on a host, which must succeed; what it says is the answer.
  @discardableResult
  func run(_ script: String, on host: String, within seconds: Int = 60) async throws -> String {
    let outcome = try await attempt(script, on: host, within: seconds)
    guard outcome.status == 0 else { throw Disappointment(description: "'\(script)' on \(host): \(outcome)") }
    return outcome.output
  }

  /// Starts a shell's script on a host.
  func watch(_ script: String, on host: String) throws -> Command {
    try scratch.launch("env", Self.environment + Self.program + ["exec", host, "sh", "-c", script])
  }

  private static let environment = ["NFSLAB_DIR=\(place)", "NFSLAB_NETNS=\(network)"]
  private static let program = ["bash", files.appending(path: "nfs-lab.sh").path]

  /// Makes a library of the lab's that a program on a host can be started with.
  func buildLibrary(_ name: String) async throws {
    let source = Self.files.appending(path: "\(name).c").path
    try await scratch.run(
      "clang", ["-O1", "-shared", "-fPIC", "-o", side.appending(path: "\(name).so").path, source])
  }

  /// Keeps what the services said, for people that want to know what happened.
  func keepLogs() {
    let target = FileManager.default.temporaryDirectory.appending(path: "mp3spool-hosts-\(UUID().uuidString)")
    try? FileManager.default.copyItem(at: side.appending(path: "logs"), to: target)
    print("The services' logs are kept in \(target.path)")
  }
}
