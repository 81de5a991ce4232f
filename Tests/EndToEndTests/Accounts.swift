import Foundation
import Synchronization
import Testing

/// Two accounts with a token each. They are made once, since a password's hash takes its time, and copied into each
/// test's spool with the keys that signed the tokens.
struct Accounts: Sendable {
  static let admin = "admin@example.com"
  static let reader = "reader@example.com"
  static let password = "correct horse battery staple"

  private let database: Data
  private let adminToken: String
  private let readerToken: String

  /// Copies the accounts into a spool that has no database yet.
  static func add(to scratch: Scratch) async throws {
    let accounts = try await prepared.value
    tokens.withLock { $0 = (accounts.adminToken, accounts.readerToken) }
    try FileManager.default.createDirectory(at: scratch.spool, withIntermediateDirectories: true)
    try accounts.database.write(to: scratch.spool.appending(path: "mp3spool.sqlite"))
  }

  /// An admin's token, for every service whose accounts were added here.
  static var adminToken: String { tokens.withLock(\.admin) }
  /// The token of somebody who is no admin.
  static var readerToken: String { tokens.withLock(\.reader) }

  private static let tokens = Mutex((admin: "", reader: ""))

  /// Beside the turnstile: the tests that wait for it have passed already.
  private static let prepared = Task {
    try await Scratch.use { scratch in
      try await scratch.addUser(admin, "--admin")
      try await scratch.addUser(reader)
      let auth = try await Service.start(in: scratch, ["auth"])
      let (admin, reader) = (try await auth.login(as: admin).text, try await auth.login(as: reader).text)
      await auth.stop()
      try await scratch.mp3spool("backup", "accounts.sqlite")
      let database = try Data(contentsOf: scratch.directory.appending(path: "accounts.sqlite"))
      return Accounts(database: database, adminToken: admin, readerToken: reader)
    }
  }
}

extension Scratch {
  /// Makes a spool with the accounts in it, in which no service has run yet.
  func makeSpool() async throws {
    try await Accounts.add(to: self)
    // Whoever opens the spool makes the rest of it.
    let incoming = spool.appending(path: "incoming")
    try FileManager.default.createDirectory(at: incoming, withIntermediateDirectories: true)
  }

  /// Adds an account with the usual password.
  func addUser(_ email: String, _ arguments: String...) async throws {
    let command = [Program.path, "user", "add", email, "--password-stdin", "--spool", spool.path] + arguments
    try await run(command[0], Array(command.dropFirst()), input: Accounts.password + "\n")
  }
}

extension Service {
  /// Logs in at the auth service, or at the gateway where there is none in this process.
  func login(as email: String, password: String = Accounts.password) async throws -> Response {
    try await scratch.curl("\(auth.isEmpty ? gateway : auth)/login", ["-X", "POST", "-u", "\(email):\(password)"])
  }
}
