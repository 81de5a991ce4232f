import ArgumentParser
import Decoder
import Dispatch
import Foundation

/// Where the process begins: as the decoder's zygote, or as one of the commands.
@main
enum Entry {
  static func main() {
    // The zygote forks, so it must have one thread; Swift's concurrency, which makes more, starts only behind this line.
    if CommandLine.arguments.dropFirst().first == DecoderZygote.command { DecoderZygote.run() }
    Task {
      await MP3Spool.main()
      exit(0)
    }
    dispatchMain()
  }
}

/// The command line.
struct MP3Spool: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mp3spool",
    abstract: "Turns videos into MP3s: over HTTP, from a folder, or right here.",
    discussion: """
      Exit codes: 0 done; 64 wrong usage or settings; 65 the input cannot be converted; 69 and 75 try again later; \
      70 an error in mp3spool.
      """,
    version: version,
    groupedSubcommands: [
      CommandGroup(name: "Convert:", subcommands: [ConvertCommand.self]),
      CommandGroup(
        name: "Services:",
        subcommands: [ServeCommand.self, AuthCommand.self, GatewayCommand.self, WorkCommand.self]),
      CommandGroup(
        name: "Jobs:",
        subcommands: [
          SubmitCommand.self, JobsCommand.self, ShowCommand.self, RetryCommand.self, CancelCommand.self,
        ]),
      CommandGroup(
        name: "Administration:",
        subcommands: [
          UserCommand.self, TokenCommand.self, WebhookCommand.self, HostsCommand.self, CleanCommand.self,
          CheckCommand.self,
          ReindexCommand.self,
          BackupCommand.self, HealthCommand.self,
        ]),
    ])

  static let version = "0.1.0"

  /// ArgumentParser's own `main` but for the exit codes: its errors of usage are 64 already; ours say theirs.
  static func main() async {
    do {
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch let problem as Problem {
      Output.error(problem.sentence)
      Foundation.exit(problem.exitCode)
    } catch { exit(withError: error) }
  }
}
