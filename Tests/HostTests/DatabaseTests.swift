import Testing

@testable import EndToEndTests

extension HostTests {
  @Suite struct DatabaseTests {
    @Test func databaseOnNFSIsRefused() async throws {
      try await Lab.use(clients: 1) { lab in
        for (command, flag) in [("gateway", " --database /share/index.sqlite"), ("serve", "")] {
          let outcome = try await lab.attempt(
            "\(ClientHost.Spool.program) \(command) --spool \(ClientHost.Spool.path)\(flag)", on: "a")
          #expect(outcome.status == 69, "\(outcome)")
          #expect(outcome.errors.contains("would lie on NFS, where SQLite is not safe"), "\(outcome)")
        }
      }
    }
  }
}
