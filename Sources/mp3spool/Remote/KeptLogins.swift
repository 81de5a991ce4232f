import DurableFiles
import Foundation
import SystemPackage

/// The API tokens that `login` keeps, one per server, in a file that only its owner may read.
struct KeptLogins {
  struct Login: Codable, Equatable {
    let user: String
    /// What the server calls the token.
    let id: String
    let token: String
  }

  /// By the servers' URLs.
  private(set) var logins: [String: Login] = [:]
  private let file: FilePath

  private static let largest = 1 << 20

  /// - Parameter environment: XDG_CONFIG_HOME, else HOME, say where the file is (XDG Base Directory Specification).
  init(environment: [String: String]) throws {
    let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory()
    // The specification has relative paths ignored.
    let configuration = environment["XDG_CONFIG_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "\(home)/.config"
    file = FilePath(configuration).appending("mp3spool").appending("servers.json")
    guard try Files.status(file) != nil else { return }
    do {
      logins = try JSONDecoder().decode([String: Login].self, from: Data(try Files.read(file, limit: Self.largest)))
    } catch is DecodingError { throw Problem.usage("\(file) cannot be understood; remove it and log in again") }
  }

  mutating func keep(_ login: Login, for server: String) throws {
    logins[server] = login
    try save()
  }

  mutating func forget(_ server: String) throws {
    logins[server] = nil
    try save()
  }

  private func save() throws {
    let directory = file.directory
    do {
      try FileManager.default.createDirectory(
        atPath: directory.string, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch { throw Problem.unavailable("the directory \(directory) cannot be made") }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    try Files.save(Array(try encoder.encode(logins)), to: file, permissions: .ownerReadWrite)
  }
}
