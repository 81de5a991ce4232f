import Foundation
import Glibc
import Testing

/// etc/run, the first thing that a newcomer starts.
@Suite struct RunScriptTests {
  private static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "etc/run").path

  /// Starts it where nothing is yet, or where something is, until it serves.
  private func said(_ scratch: Scratch) async throws -> String {
    let settings = [
      "MP3SPOOL_SPOOL=\(scratch.spool.path)", "MP3SPOOL_LISTEN=127.0.0.1:0", "MP3SPOOL_AUTH_LISTEN=127.0.0.1:0",
    ]
    let command = try scratch.launch("env", ["MP3SPOOL_PROGRAM=\(Program.path)"] + settings + ["bash", Self.script])
    try await eventually("a gateway that listens") {
      guard command.process.isRunning else { throw Disappointment(description: "it ended: \(command.log)") }
      return command.log.contains("gateway listens on ")
    }
    command.send(SIGTERM)
    let outcome = await command.outcome()
    #expect(outcome.status == 0, "\(outcome)")
    return outcome.errors
  }

  @Test func itMakesTheFirstAdminOnce() async throws {
    try await withScratch { scratch in
      let first = try await said(scratch)
      #expect(first.contains("The first admin is admin@localhost with the password "))
      #expect(try await scratch.mp3spool("user", "list").output.contains("admin@localhost"))
      let second = try await said(scratch)
      #expect(!second.contains("The first admin"))
    }
  }
}
