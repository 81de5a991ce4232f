import Foundation
import Testing

@testable import EndToEndTests

/// Commands.md against what the program tells of its commands.
@Suite struct CommandTests {
  private struct Tree: Decodable {
    let command: Command
  }

  private struct Command: Decodable {
    let commandName: String
    let abstract: String?
    let discussion: String?
    let shouldDisplay: Bool?
    let arguments: [Argument]?
    let subcommands: [Command]?
  }

  private struct Argument: Decodable {
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

    var isEverywhere: Bool { names?.contains { ["help", "version"].contains($0.name) } ?? false }

    var placeholder: String { (valueName ?? "value").uppercased() + (isRepeating ? "…" : "") }

    var heading: String {
      guard kind != "positional" else { return "`\(placeholder)`" }
      let forms = (names ?? []).map { ($0.kind == "long" ? "--" : "-") + $0.name }.sorted { $0.count < $1.count }
      let value = kind == "option" ? " \(placeholder)" : ""
      return forms.map { "`\($0)`" }.joined(separator: ", ") + (value.isEmpty ? "" : " `\(placeholder)`")
    }

    var meaning: String {
      let values = (allValues ?? []).joined(separator: ", ")
      return [abstract, values.isEmpty || (abstract ?? "").contains(values) ? nil : "One of \(values)."]
        .compactMap { $0 }.joined(separator: " ")
    }
  }

  @Test func eachCommandIsDescribedAsItIs() async throws {
    try await withScratch { scratch in
      let dump = try await scratch.mp3spool("--experimental-dump-help").output
      let root = try JSONDecoder().decode(Tree.self, from: Data(dump.utf8)).command
      let commands = Self.sections(root, [])
      #expect(commands.count > 100)
      let exits = (root.discussion ?? "").components(separatedBy: "\n")
      try Page("Commands").expect(commands + ["### Exit codes", ""] + exits, below: "All commands")
    }
  }

  private static func sections(_ command: Command, _ parents: [String]) -> [String] {
    let names = parents + [command.commandName]
    let children = (command.subcommands ?? []).filter { $0.shouldDisplay != false && $0.commandName != "help" }
    guard children.isEmpty else { return children.flatMap { sections($0, names) } }
    let arguments = (command.arguments ?? []).filter { $0.shouldDisplay && !$0.isEverywhere }
    let words = arguments.filter { $0.kind == "positional" }.map {
      $0.isOptional ? "[\($0.placeholder)]" : $0.placeholder
    }
    var lines = ["### \((names + words).joined(separator: " "))", "", command.abstract ?? "", ""]
    if let discussion = command.discussion, !discussion.isEmpty { lines += [discussion, ""] }
    return lines + Page.table(["", ""], arguments.map { [$0.heading, $0.meaning] }) + [""]
  }
}
