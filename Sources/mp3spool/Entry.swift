import ArgumentParser
import CLinux
import Decoder
import Dispatch
import Foundation
import Spelling

/// Where the process begins: as the decoder's zygote, or as one of the commands.
@main
enum Entry {
  static func main() {
    // The zygote forks, so it must have one thread; Swift's concurrency, which makes more, starts only behind this line.
    if CommandLine.arguments.dropFirst().first == DecoderZygote.command { DecoderZygote.run() }
    // A service runs for years, and so must not spread over more and more of them. Fewer hold less: with one a converter has
    // 9 MiB of its own, with two 18.
    clinux_limit_memory_pools(CInt(max(1, ProcessInfo.processInfo.activeProcessorCount / 2)))
    // A task of the main thread's would have its priority, for which libdispatch wants threads that are nicer to themselves
    // than to others; a service may not have such, and the journal would be told so for each.
    Task(priority: .medium) {
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
      Exit codes: 0 done; 64 wrong usage or settings; 65 the input cannot be converted, or the backup not restored; 66 no \
      spool, database or backup is there; 69 and 75 try again later; 70 an error in mp3spool; 78 the spool has another \
      gateway.
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
          SubmitCommand.self, JobsCommand.self, TopCommand.self, ShowCommand.self, RetryCommand.self,
          CancelCommand.self,
        ]),
      CommandGroup(name: "Another host's gateway:", subcommands: [LoginCommand.self, LogoutCommand.self]),
      CommandGroup(
        name: "Administration:",
        subcommands: [
          UserCommand.self, TokenCommand.self, KeyCommand.self, WebhookCommand.self, HostsCommand.self,
          CleanCommand.self, CheckCommand.self, ReindexCommand.self,
          BackupCommand.self, RestoreCommand.self, HealthCommand.self, ConfigCommand.self, ManualCommand.self,
        ]),
    ])

  static let version = "0.1.0"

  /// ArgumentParser's own `main` but for the exit codes: its errors of usage are 64 already; ours say theirs.
  static func main() async {
    do {
      try refuseMisspeltCommand(Array(CommandLine.arguments.dropFirst()))
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

  /// ArgumentParser guesses misspelt options, but not commands.
  private static func refuseMisspeltCommand(_ words: [String]) throws {
    var known = configuration.subcommands
    for word in words {
      if known.isEmpty || word.hasPrefix("-") || word == "help" { return }
      let names = known.map { $0._commandName }
      guard let index = names.firstIndex(of: word) else { throw unknownCommand(word, names) }
      known = known[index].configuration.subcommands
    }
  }

  private static func unknownCommand(_ word: String, _ names: [String]) -> Problem {
    let question = Spelling.question(word, among: names)
    let list = question.isEmpty ? " The commands are \(names.joined(separator: ", "))." : question
    return .usage("there is no command '\(word)'.\(list)")
  }
}
