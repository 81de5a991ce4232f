import Foundation
import Testing

/// What the program says of itself: `--help`, completions and the manual page, all made from the commands.
@Suite struct HelpTests {
  private struct Tree: Decodable {
    struct Command: Decodable {
      let commandName: String
      let subcommands: [Command]?
    }
    let command: Command
  }

  private static let golden = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Help")
  private static let updates = ProcessInfo.processInfo.environment["MP3SPOOL_TEST_UPDATE_HELP"] != nil

  /// With MP3SPOOL_TEST_UPDATE_HELP set, the files are written instead of compared.
  @Test func helpIsWhatItWasMeantToBe() async throws {
    try await withScratch { scratch in
      let dump = try await scratch.mp3spool("--experimental-dump-help").output
      let tree = try JSONDecoder().decode(Tree.self, from: Data(dump.utf8))
      let commands = Self.paths(tree.command, [])
      #expect(commands.count > 30)
      for path in commands {
        let help = try await scratch.start(path + ["--help"]).outcome()
        #expect(help.status == 0, "\(path): \(help)")
        let file = Self.golden.appending(path: (["mp3spool"] + path).joined(separator: "-") + ".txt")
        if Self.updates { try Data(help.output.utf8).write(to: file) }
        let expected = FileManager.default.contents(atPath: file.path).map { String(decoding: $0, as: UTF8.self) }
        #expect(
          help.output == expected,
          """
          The help of '\(path.joined(separator: " "))' is another than in \(file.lastPathComponent). If it is meant to be, run \
          MP3SPOOL_TEST_UPDATE_HELP=1 swift test --filter HelpTests
          """)
      }
    }
  }

  private static func paths(_ command: Tree.Command, _ parents: [String]) -> [[String]] {
    [parents]
      + (command.subcommands ?? []).filter { $0.commandName != "help" }
      .flatMap { paths($0, parents + [$0.commandName]) }
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func completionsKnowCommandsAndValues(shell: String) async throws {
    try await withScratch { scratch in
      let script = try await scratch.mp3spool("--generate-completion-script", shell).output
      for word in ["convert", "webhook", "cbr-128", "on-exists", "rename", "waiting"] {
        #expect(script.contains(word), "\(word)")
      }
      guard Tool.isThere(shell) else { return }
      try scratch.write("completion", script.utf8)
      try await scratch.run(shell, ["-n", scratch.path("completion")])
    }
  }

  @Test func manualTellsOfEveryCommandAndSetting() async throws {
    try await withScratch { scratch in
      let page = try await scratch.mp3spool("manual").output
      for word in [
        ".SS \"convert INPUTS...\"", ".SS \"user add EMAIL\"", "\\-\\-on\\-exists", "MP3SPOOL_LOG_LEVEL", "EXIT STATUS",
      ] {
        #expect(page.contains(word), "\(word)")
      }
      let file = try scratch.write("mp3spool.1", page.utf8)
      if Tool.isThere("mandoc") {
        let complaints = try await scratch.tool("mandoc", ["-T", "lint", "-W", "error", file])
        #expect(complaints.status == 0, "\(complaints)")
      }
      if Tool.isThere("groff") {
        let complaints = try await scratch.tool("groff", ["-man", "-ww", "-z", "-K", "utf8", file])
        #expect(complaints.status == 0 && complaints.errors.isEmpty, "\(complaints)")
      }
    }
  }
}
