import ArgumentParser
import CLinux
import Foundation
import NIOHTTP1

struct LoginCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "login", abstract: "Log in to a gateway, for the commands that take --server.",
    discussion: """
      The password is used once: it gets an API token with the scopes upload and download, named after this host, which \
      is kept in $XDG_CONFIG_HOME/mp3spool/servers.json, readable for nobody else. `logout` revokes it. In scripts the \
      environment variable MP3SPOOL_TOKEN does without a login.
      """)

  @OptionGroup var server: ServerOption
  @Option(help: "The account's email; it is asked for by default.") var user: String?
  @Flag(help: "Read the password from standard input.") var passwordStdin = false

  private struct Made: Decodable {
    let id: String
    let token: String
    let scopes: [String]
  }

  func run() async throws {
    try await command {
      var remote = try server.needed()
      if remote.isOpenToOthers {
        Output.note("mp3spool: warning: \(remote.url) is not encrypted: others can read the password")
      }
      let user = try user ?? Prompt.line("Email: ")
      let password = try Prompt.password(fromInput: passwordStdin)
      remote.token = try await loggedIn(remote, user, password)
      let made = try await makeToken(remote)
      var logins = try KeptLogins(environment: ProcessInfo.processInfo.environment)
      let earlier = logins.logins[remote.url]
      try logins.keep(.init(user: user, id: made.id, token: made.token), for: remote.url)
      // The one before is of no more use to anybody.
      if let earlier { _ = try? await remote.granted(.DELETE, "/tokens/\(earlier.id)") }
      Output.note("logged in to \(remote.url) as \(user), for: \(made.scopes.joined(separator: ", "))")
    }
  }

  private func loggedIn(_ remote: RemoteServer, _ user: String, _ password: String) async throws -> String {
    let credentials = Data("\(user):\(password)".utf8).base64EncodedString()
    let request = remote.request(.POST, "/login", ["Authorization": "Basic \(credentials)"])
    let answer = try await remote.answer(to: request)
    switch answer.status {
    case 200: return answer.text
    case 401: throw Problem.usage("the email or the password is wrong")
    default: throw remote.refusal(answer.status, answer.text)
    }
  }

  private func makeToken(_ remote: RemoteServer) async throws -> Made {
    struct Wish: Encodable {
      let name = "mp3spool on \(ProcessInfo.processInfo.hostName)"
      let scopes = ["upload", "download"]
    }
    let body = String(decoding: try JSONEncoder().encode(Wish()), as: UTF8.self)
    return try await remote.granted(.POST, "/tokens", ["Content-Type": "application/json"], body: body).json()
  }
}

struct LogoutCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logout", abstract: "Revoke the token of a login, and forget it.")

  @OptionGroup var server: ServerOption

  func run() async throws {
    try await command {
      var remote = try server.needed()
      var logins = try KeptLogins(environment: ProcessInfo.processInfo.environment)
      guard let login = logins.logins[remote.url] else { throw Problem.usage("there is no login to \(remote.url)") }
      remote.token = login.token
      let answer = try await remote.answer(to: remote.request(.DELETE, "/tokens/\(login.id)"))
      // A token that the server knows no longer is as good as revoked.
      guard 200..<300 ~= answer.status || [401, 403, 404].contains(answer.status) else {
        throw remote.refusal(answer.status, answer.text)
      }
      try logins.forget(remote.url)
      Output.note("logged out of \(remote.url)")
    }
  }
}

/// Questions at the terminal.
enum Prompt {
  static func line(_ text: String) throws -> String {
    guard isatty(STDIN_FILENO) == 1 else { throw Problem.usage("standard input is no terminal; give --user EMAIL") }
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    guard let line = readLine(), !line.isEmpty else { throw Problem.usage("there is no email") }
    return line
  }

  static func password(fromInput: Bool) throws -> String {
    if fromInput {
      guard let line = readLine() else { throw Problem.usage("there is no password on standard input") }
      return line
    }
    guard isatty(STDIN_FILENO) == 1 else {
      throw Problem.usage("standard input is no terminal; give --password-stdin to read the password from it")
    }
    guard let password = hidden("Password: ") else { throw Problem.usage("there is no password") }
    return password
  }

  /// One line that is not shown while it is typed.
  static func hidden(_ text: String) -> String? {
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    _ = clinux_terminal_echo(STDIN_FILENO, 0)
    defer {
      _ = clinux_terminal_echo(STDIN_FILENO, 1)
      Output.note("")
    }
    return readLine()
  }
}
