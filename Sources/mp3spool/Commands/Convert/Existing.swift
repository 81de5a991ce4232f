import ArgumentParser
import DurableFiles
import SystemPackage
import WireFormats

/// What to do where an MP3 of the wanted name is there already.
enum OnExists: String, CaseIterable, ExpressibleByArgument {
  case skip, replace, rename, refuse
}

/// Decides under which names MP3s are written.
struct Placement {
  enum Answer: Equatable {
    case write(FilePath)
    case skip
  }

  let policy: OnExists
  /// What this command has written so far: never to be replaced by the next file's.
  private(set) var made: Set<FilePath> = []

  init(_ policy: OnExists) { self.policy = policy }

  mutating func note(_ path: FilePath) { made.insert(path.lexicallyNormalized()) }

  /// - Parameter isThere: whether there is a file of that name.
  func answer(
    for path: FilePath, isThere: (FilePath) throws -> Bool = { try Files.status($0) != nil }
  ) throws -> Answer {
    let isOurs = made.contains(path.lexicallyNormalized())
    guard try isOurs || isThere(path) else { return .write(path) }
    switch policy {
    case .skip: return .skip
    case .replace where !isOurs: return .write(path)
    case .rename: return .write(try free(path, isThere))
    case .replace:
      throw Problem.usage("\(path) is the MP3 of another file of this command; give --on-exists rename")
    case .refuse:
      throw Problem.usage("\(path) is there already; give --on-exists skip, replace or rename")
    }
  }

  /// `talk (2).mp3`, or the next that is not there.
  private func free(_ path: FilePath, _ isThere: (FilePath) throws -> Bool) throws -> FilePath {
    for copy in 2...9999 {
      let other = path.beside(FileName.mp3Name(for: path.lastComponent?.string ?? "", copy: copy))
      if !made.contains(other.lexicallyNormalized()), try !isThere(other) { return other }
    }
    throw Problem.usage("there are too many copies of \(path)")
  }
}
