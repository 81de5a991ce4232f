import ArgumentParser
import AuthService
import Catalog
import Foundation
import Gateway
import Settings

struct UserCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "user", abstract: "Manage accounts.",
    subcommands: [Add.self, Password.self, Disable.self, Enable.self, Quotas.self, List.self])

  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Add an account.")
    @Argument(help: "The account's email.") var email: String
    @Flag(help: "It may upload and see everything.") var admin = false
    @Flag(help: "Read the password from standard input.") var passwordStdin = false
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await command {
        let settings = try await common.settings()
        let catalog = try Parts(settings: settings).catalog()
        let user = try await catalog.addUser(
          email: email, password: try NewPassword.read(fromInput: passwordStdin), isAdmin: admin)
        CommandAudit.note(.userAdded, account: user.email, settings)
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
        let settings = try await common.settings()
        let catalog = try Parts(settings: settings).existingCatalog()
        try await catalog.setPassword(email: email, password: try NewPassword.read(fromInput: passwordStdin))
        CommandAudit.note(.passwordChanged, account: email, settings)
      }
    }
  }

  struct Disable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Refuse an account's logins and tokens from now on.")
    @Argument(help: "The account's email.") var email: String
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await command {
        let settings = try await common.settings()
        try await Parts(settings: settings).existingCatalog().setDisabled(email: email, true)
        CommandAudit.note(.userDisabled, account: email, settings)
      }
    }
  }

  struct Enable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Let a disabled account log in again.")
    @Argument(help: "The account's email.") var email: String
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await command {
        let settings = try await common.settings()
        try await Parts(settings: settings).existingCatalog().setDisabled(email: email, false)
        CommandAudit.note(.userEnabled, account: email, settings)
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the accounts.")
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await command {
        let parts = Parts(settings: try await common.settings())
        let catalog = try parts.existingCatalog()
        let users = try await catalog.users()
        if common.json {
          for user in users {
            try Output.json(AccountView(user: user, quota: try await parts.quota(of: user.email, catalog)))
          }
          return
        }
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

extension UserCommand {
  struct Quotas: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "quota", abstract: "Show how much an account has and may have, or set how much it may have.")
    @Argument(help: "The account's email.") var email: String
    @Option(help: "Stored bytes: a number, with K, M, G, T; or none, or default.") var bytes: String?
    @Option(help: "Minutes of audio in 30 days: a number, or none, or default.") var minutes: String?
    @Option(help: "Jobs that wait at once: a number, or none, or default.") var waiting: String?
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await command {
        let parts = Parts(settings: try await common.settings())
        let catalog = try parts.existingCatalog()
        if bytes != nil || minutes != nil || waiting != nil {
          var rules = try await catalog.quotaRules(of: email)
          if let bytes { rules.bytes = try Self.rule("bytes", bytes, UserQuota.bytes) }
          if let minutes { rules.minutes = try Self.rule("minutes", minutes, UserQuota.number) }
          if let waiting { rules.waiting = try Self.rule("waiting", waiting, UserQuota.number) }
          try await catalog.setQuotaRules(rules, of: email)
          CommandAudit.note(.quotaChanged, account: email, parts.settings)
        } else if try await catalog.hasUsers(), try await catalog.user(email: email) == nil {
          throw Problem.usage("There is no user \(email).")
        }
        let quota = try await parts.quota(of: email, catalog)
        if common.json { try Output.json(quota) } else { Output.table(quota.rows) }
      }
    }

    private static func rule(_ name: String, _ text: String, _ parse: (String) -> Int64?) throws -> QuotaRule {
      if text == "default" { return .usual }
      if text == "none" { return .unlimited }
      guard let limit = parse(text) else {
        throw Problem.usage("--\(name) is '\(text)', but it must be a number, none or default")
      }
      return .limit(limit)
    }
  }
}

/// An account with its quota, as `user list --json` shows it.
private struct AccountView: Encodable {
  let user: User
  let quota: QuotaView

  private enum CodingKeys: CodingKey { case quota }

  func encode(to encoder: any Encoder) throws {
    try user.encode(to: encoder)
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(quota, forKey: .quota)
  }
}

extension Parts {
  fileprivate func quota(of email: String, _ catalog: Catalog) async throws -> QuotaView {
    let owner = try await catalog.user(email: email)?.email ?? email
    return QuotaView(
      user: owner, use: try await catalog.quotaUse(of: owner),
      limits: try await catalog.quotaRules(of: owner).over(QuotaLimits(settings.quota)))
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
    let (first, second) = (Prompt.hidden("Password: "), Prompt.hidden("Once more: "))
    guard let first, first == second else { throw Problem.usage("the two passwords differ") }
    return first
  }
}
