import ArgumentParser
import Foundation
import Settings

struct ManualCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "manual", abstract: "Write the manual page mp3spool(1), for packagers.", shouldDisplay: false)

  @Flag(help: "Write what the page of the documents has of the commands, in Markdown.") var markdown = false

  func run() throws {
    let root = try CommandTree.ofThisProgram().command
    Output.write((markdown ? CommandPage(root).text : ManualPage(root).text).utf8)
  }
}

/// The manual page, in the macros of man(7). All that is in it comes from the commands and the settings themselves.
struct ManualPage {
  private let root: CommandTree.Command

  init(_ root: CommandTree.Command) { self.root = root }

  var text: String {
    let version = "mp3spool \(MP3Spool.version)"
    var lines = [".TH MP3SPOOL 1 \"\" \"\(version)\" \"User Commands\"", ".SH NAME"]
    lines += ["mp3spool \\- turns videos into MP3s"]
    lines += [".SH SYNOPSIS", ".B mp3spool", ".I command", "[\\fIoptions\\fR]", ".SH DESCRIPTION"]
    lines += Self.prose(root.abstract ?? "")
    lines += [".SH COMMANDS"] + root.shownCommands.flatMap { Self.section($0, []) }
    lines += [".SH \"EXIT STATUS\""] + Self.prose(root.discussion ?? "")
    lines +=
      [".SH ENVIRONMENT"]
      + SettingName.allCases.flatMap { setting in
        [".TP", ".B \(setting.environmentName)"] + Self.prose(setting.explanation)
      }
    lines += Self.clientVariables
    lines += [".SH FILES", ".TP", ".I etc/mp3spool.yaml\\fR, \\fI/etc/mp3spool/mp3spool.yaml"]
    lines += Self.prose("The settings, as their environment variables, in small letters and without MP3SPOOL_.")
    lines += [".TP", ".I $XDG_CONFIG_HOME/mp3spool/servers.json", "The logins that login keeps."]
    return lines.joined(separator: "\n") + "\n"
  }

  private static let clientVariables = [
    ".TP", ".B MP3SPOOL_CONFIG", "The YAML file with settings.", ".TP", ".B MP3SPOOL_SERVER",
    "The server of commands that take \\-\\-server.", ".TP", ".B MP3SPOOL_TOKEN", "An API token for it.", ".TP",
    ".B NO_COLOR", "Colours are left out where it is set.",
  ]

  private static func section(_ command: CommandTree.Command, _ parents: [String]) -> [String] {
    let names = parents + [command.commandName]
    var lines = [".SS \"\(escaped((names + command.synopsis).joined(separator: " ")))\""]
    lines += prose(command.abstract ?? "")
    if let discussion = command.discussion, !discussion.isEmpty { lines += [".PP"] + prose(discussion) }
    for argument in command.ownArguments {
      let heading = argument.forms.joined(separator: ", ") + (argument.value.map { " \($0)" } ?? "")
      lines += [".TP", ".B \(escaped(heading))"] + prose(argument.meaning)
    }
    return lines + command.shownCommands.flatMap { section($0, names) }
  }

  /// Paragraphs; no line begins with a control character of roff.
  private static func prose(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      let words = line.trimmingCharacters(in: .whitespaces)
      return words.isEmpty ? ".PP" : escaped(words)
    }
  }

  /// Text in which roff sees no request (groff_char(7)).
  private static func escaped(_ text: String) -> String {
    let shown = text.replacing("\\", with: "\\e").replacing("-", with: "\\-").replacing("\"", with: "\\(dq")
    return shown.hasPrefix(".") || shown.hasPrefix("'") ? "\\&" + shown : shown
  }
}
