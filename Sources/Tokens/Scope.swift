/// What the holder of a token may do. An API token has some of these; a login has all that its user has.
public enum Scope: String, Sendable, Hashable, CaseIterable, Codable, Comparable {
  /// Send files, and cancel, retry and delete what was sent.
  case upload
  /// See jobs and fetch their MP3s.
  case download
  /// Manage API tokens, and see the jobs of others where the user is an admin.
  case admin

  /// Reads `upload,download`, with commas or white space between the names.
  ///
  /// - Throws: the first word that is no scope's name.
  public static func set(parsing text: String) throws(UnknownScope) -> Set<Scope> {
    try set(naming: text.split { $0 == "," || $0.isWhitespace }.map(String.init))
  }

  /// The scopes of these names.
  public static func set(naming names: [String]) throws(UnknownScope) -> Set<Scope> {
    var scopes: Set<Scope> = []
    for name in names {
      guard let scope = Scope(rawValue: name) else { throw UnknownScope(name: name) }
      scopes.insert(scope)
    }
    return scopes
  }

  public static func < (one: Scope, other: Scope) -> Bool { one.rawValue < other.rawValue }
}

/// A word that is the name of no scope.
public struct UnknownScope: Error, Sendable, Equatable, CustomStringConvertible {
  let name: String

  public var description: String {
    "there is no scope '\(name)'; the scopes are \(Scope.allCases.map(\.rawValue).joined(separator: ", "))"
  }
}
