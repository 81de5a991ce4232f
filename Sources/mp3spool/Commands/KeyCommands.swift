public import ArgumentParser
import AuthService
public import Catalog
import Foundation
import Settings

extension KeyPurpose: ExpressibleByArgument {}

struct KeyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key", abstract: "Look after the keys that sign logins, jobs and links.",
    subcommands: [List.self, Replace.self])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the keys, without what is secret of them.")
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await command {
        let keys = try await Parts(settings: try await common.settings()).existingCatalog().signingKeys()
        if common.json { return try keys.forEach { try Output.json(KeyView($0)) } }
        Output.table([["PURPOSE", "MADE", "ID"]] + keys.map { [$0.purpose.rawValue, $0.madeAt.readable, $0.id] })
      }
    }
  }

  struct Replace: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make new keys in the place of those that somebody else may have.",
      discussion: """
        A new access key ends all logins, but no API token; a new one for links ends all links to MP3s. Jobs that were \
        signed with an earlier sidecar key stay as they are: its public half remains in the spool. A running service \
        goes by the new keys after SIGHUP or a restart.
        """)
    @Option(name: .customLong("for"), help: "Only the key for this purpose; may be given several times.")
    var purposes: [KeyPurpose] = []
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await command {
        let settings = try await common.settings()
        let chosen = Set(purposes.isEmpty ? KeyPurpose.allCases : purposes)
        if settings.jwtSecret != nil, chosen.contains(.access) {
          Output.note("logins are signed with jwt-secret, which only the settings can change")
        }
        try await Parts(settings: settings).existingCatalog().replaceSigningKeys(for: chosen)
        CommandAudit.note(.keysReplaced, settings)
      }
    }
  }
}

/// A key, as scripts see it.
private struct KeyView: Encodable {
  let purpose: String
  let id: String
  let made: Date

  init(_ key: StoredKey) { (purpose, id, made) = (key.purpose.rawValue, key.id, key.madeAt) }
}
