import ArgumentParser
import Foundation

/// What ArgumentParser tells of the commands (`--experimental-dump-help`), as far as the manual and the documents need it.
struct CommandTree: Decodable {
  struct Command: Decodable {
    let commandName: String
    let abstract: String?
    let discussion: String?
    let shouldDisplay: Bool?
    let arguments: [Argument]?
    let subcommands: [Command]?

    /// Those that are not everywhere, as `--help` is.
    var ownArguments: [Argument] {
      (arguments ?? []).filter { argument in
        argument.shouldDisplay && !(argument.names?.contains { ["help", "version"].contains($0.name) } ?? false)
      }
    }

    /// What stands behind the command's name: `FILE`, `[ID]`.
    var synopsis: [String] {
      ownArguments.filter { $0.kind == "positional" }.map { $0.isOptional ? "[\($0.placeholder)]" : $0.placeholder }
    }

    var shownCommands: [Command] {
      (subcommands ?? []).filter { $0.shouldDisplay != false && $0.commandName != "help" }
    }
  }

  struct Argument: Decodable {
    struct Name: Decodable {
      let kind: String
      let name: String
    }

    let kind: String
    let isOptional: Bool
    let isRepeating: Bool
    let shouldDisplay: Bool
    let names: [Name]?
    let valueName: String?
    let abstract: String?
    let allValues: [String]?

    var placeholder: String { (valueName ?? "value").uppercased() + (isRepeating ? "..." : "") }

    /// `-o`, `--output-dir`; of what has no name its placeholder.
    var forms: [String] {
      guard kind != "positional" else { return [isOptional ? "[\(placeholder)]" : placeholder] }
      return (names ?? []).map { ($0.kind == "long" ? "--" : "-") + $0.name }.sorted { $0.count < $1.count }
    }

    /// What stands behind the flag, if anything.
    var value: String? { kind == "option" ? (valueName ?? "value").uppercased() : nil }

    var meaning: String {
      let values = (allValues ?? []).joined(separator: ", ")
      let isSaid = values.isEmpty || (abstract ?? "").contains(values)
      return [abstract, isSaid ? nil : "One of \(values)."].compactMap { $0 }.joined(separator: " ")
    }
  }

  let command: Command

  static func ofThisProgram() throws -> CommandTree {
    try JSONDecoder().decode(CommandTree.self, from: Data(MP3Spool._dumpHelp().utf8))
  }
}
