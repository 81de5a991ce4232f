import ArgumentParser
import CLinux
import Catalog
import Foundation

struct UserCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "user", abstract: "Manage accounts.",
    subcommands: [Add.self, Password.self, Disable.self, Enable.self, List.self])

  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Add an account.")
    @Argument(help: "The account's email.") var email: String
    @Flag(help: "It may upload and see everything.") var admin = false
    @Flag(help: "Read the password from standard input.") var passwordStdin = false
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await command {
        let catalog = try Parts(settings: try await common.settings()).catalog()
        let user = try await catalog.addUser(
          email: email, password: try NewPassword.read(fromInput: passwordStdin), isAdmin: admin)
        if common.json { try Output.json(user) } else { Output.note("added \(user.email)") }
      }
    }
  }

  struct Password: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "passwd", abstract: "Change an account's password.")
    @Argument(help: "The account's email.") var email: String
    @Flag(help: "Read the password from standard input.") var passwordStdin = false
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await command {
        let catalog = try Parts(settings: try await common.settings()).catalog()
        try await catalog.setPassword(email: email, password: try NewPassword.read(fromInput: passwordStdin))
      }
    }
  }

  struct Disable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Refuse an account's logins from now on.")
    @Argument(help: "The account's email.") var email: String
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await command {
        try await Parts(settings: try await common.settings()).catalog().setDisabled(email: email, true)
      }
    }
  }

  struct Enable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let a disabled account log in again.")
    @Argument(help: "The account's email.") var email: String
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await command {
        try await Parts(settings: try await common.settings()).catalog().setDisabled(email: email, false)
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the accounts.")
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await command {
        let users = try await Parts(settings: try await common.settings()).catalog().users()
        if common.json { return try users.forEach(Output.json) }
        Output.table(
          [["EMAIL", "ADMIN", "STATE", "SINCE"]]
            + users.map { user in
              [
                user.email, user.isAdmin ? "admin" : "-", user.isDisabled ? "disabled" : "active",
                user.createdAt.readable,
              ]
            })
      }
    }
  }
}

/// A new password: one line of standard input, or typed twice at the terminal without being shown.
private enum NewPassword {
  static func read(fromInput: Bool) throws -> String {
    if fromInput {
      guard let line = readLine() else { throw Problem.usage("there is no password on standard input") }
      return line
    }
    guard isatty(STDIN_FILENO) == 1 else {
      throw Problem.usage("standard input is no terminal; give --password-stdin to read the password from it")
    }
    let (first, second) = (prompt("Password: "), prompt("Once more: "))
    guard let first, first == second else { throw Problem.usage("the two passwords differ") }
    return first
  }

  private static func prompt(_ text: String) -> String? {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    _ = clinux_terminal_echo(STDIN_FILENO, 0)
    defer {
      _ = clinux_terminal_echo(STDIN_FILENO, 1)
      Output.note("")
    }
    return readLine()
  }
}
