import ArgumentParser
import AuthService
import Catalog
import Foundation
import Tokens

struct TokenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token", abstract: "Manage API tokens.", subcommands: [Add.self, List.self, Revoke.self])

  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make an API token for an account; it is printed, and cannot be shown again.")
    @Argument(help: "The account's email.") var email: String
    @Option(help: "What the token is for.") var name: String
    @Option(help: "What it allows, with commas between: upload, download, admin.") var scopes: String
    @Option(help: "How many days it is valid; without this, until it is revoked.") var days: Int?
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await command {
        let wanted: Set<Scope>
        do { wanted = try Scope.set(parsing: scopes) } catch { throw Problem.usage("\(error)") }
        let settings = try await common.settings()
        let catalog = try Parts(settings: settings).existingCatalog()
        let (token, secret) = try await catalog.addToken(for: email, name: name, scopes: wanted, days: days)
        CommandAudit.note(.tokenAdded, account: email, token: token.id, settings)
        if common.json {
          try Output.json(TokenView(OwnedToken(token: token, user: email), secret: secret))
        } else {
          Output.line(secret.text)
          Output.note("added the token \(token.id); it is not shown again")
        }
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the API tokens of one account, or of all.")
    @Argument(help: "The account's email.") var email: String?
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await command {
        let tokens = try await Parts(settings: try await common.settings()).existingCatalog().tokens(of: email)
        if common.json { return try tokens.forEach { try Output.json(TokenView($0)) } }
        Output.table([["ID", "EMAIL", "SCOPES", "MADE", "EXPIRES", "LAST USED", "NAME"]] + tokens.map(\.row))
      }
    }
  }

  struct Revoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "End an API token, or all of an account, at once.")
    @Argument(help: "The token's id, as `token list` shows it.") var id: String?
    @Option(help: "End all API tokens of this account.") var all: String?
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await command {
        let settings = try await common.settings()
        let catalog = try Parts(settings: settings).existingCatalog()
        switch (id, all) {
        case (let id?, nil): try await catalog.revokeToken(id)
        case (nil, let email?):
          Output.note("revoked \(Readable.count(try await catalog.revokeTokens(of: email), "token"))")
        default: throw Problem.usage("give either the id of a token or --all EMAIL")
        }
        CommandAudit.note(.tokenRevoked, account: all, token: id, settings)
      }
    }
  }
}

extension OwnedToken {
  fileprivate var row: [String] {
    [
      token.id, user, token.scopes.sorted().map(\.rawValue).joined(separator: ","), token.createdAt.readable,
      token.expiresAt?.readable ?? "never", token.lastUsedAt?.readable ?? "never", token.name,
    ]
  }
}
