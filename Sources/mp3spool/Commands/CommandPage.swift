import Foundation

/// What Commands.md of the documents has of the commands: a section and a table for each, in Markdown.
struct CommandPage {
  private let root: CommandTree.Command

  init(_ root: CommandTree.Command) { self.root = root }

  var text: String {
    let exits = (root.discussion ?? "").components(separatedBy: "\n")
    return (Self.sections(root, []) + ["### Exit codes", ""] + exits).joined(separator: "\n") + "\n"
  }

  private static func sections(_ command: CommandTree.Command, _ parents: [String]) -> [String] {
    let names = parents + [command.commandName]
    guard command.shownCommands.isEmpty else { return command.shownCommands.flatMap { sections($0, names) } }
    var lines = ["### \((names + command.synopsis).joined(separator: " "))", "", command.abstract ?? "", ""]
    if let discussion = command.discussion, !discussion.isEmpty { lines += [discussion, ""] }
    return lines + ["|  |  |", "| --- | --- |"] + command.ownArguments.map(row) + [""]
  }

  private static func row(_ argument: CommandTree.Argument) -> String {
    let forms = argument.forms.map { "`\($0)`" }.joined(separator: ", ") + (argument.value.map { " `\($0)`" } ?? "")
    return "| \(forms) | \(argument.meaning.replacing("|", with: "\\|").replacing("\n", with: " ")) |"
  }
}
