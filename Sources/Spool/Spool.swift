import DurableFiles
public import SystemPackage

/// A spool directory: the only place that moves a job.
///
/// Any number of processes, on any number of hosts, may hold one each for the same directory. All calls block on the
/// file system and so belong on threads that may block, never on the cooperative pool.
public struct Spool: Sendable {
  public let layout: SpoolLayout

  /// The spool at `root`; its directories are made where they are missing.
  public init(opening root: FilePath) throws(SpoolError) {
    layout = SpoolLayout(root: root)
    do {
      try Files.makeDirectoryIfAbsent(root, mayBeLink: true)
      for directory in layout.directories { try Files.makeDirectoryIfAbsent(directory) }
    } catch {
      throw SpoolError(.unusable, "the spool \(root) cannot be used: \(error)", cause: error)
    }
  }

  /// Tries out in every directory what the protocol rests on: create, link, rename, fsync, remove.
  ///
  /// To be called once at start, so that a spool without write permission, or a mount without hard links, stops the
  /// start with a sentence instead of failing the first job.
  public func probe() throws(SpoolError) {
    for directory in layout.directories where directory != layout.state { try probe(directory) }
  }

  private func probe(_ directory: FilePath) throws(SpoolError) {
    let number = ClaimNumber()
    let first = directory.appending(".probe-\(number)")
    let second = directory.appending(".probe-\(number)-linked")
    let third = directory.appending(".probe-\(number)-renamed")
    do {
      let file = try NewFile(creating: first)
      try file.synchronizeAndClose()
      try Files.link(first, to: second)
      try Files.rename(second, to: third)
      try Files.unlinkIfPresent(first)
      try Files.unlinkIfPresent(third)
      try Files.synchronize(directory: directory)
    } catch {
      for leftover in [first, second, third] { try? Files.unlink(leftover) }
      throw SpoolError(.unusable, "the spool's directory \(directory) cannot be used: \(error)", cause: error)
    }
  }

  /// Publishes the keys that this spool's sidecars are checked with, for converters on other hosts.
  public func publish(keys json: [UInt8]) throws(SpoolError) {
    try spooling { () throws(FileError) in try Files.save(json, to: layout.publicKeys) }
  }

  /// The published keys, a JSON Web Key Set; nil while there are none.
  public func publishedKeys() throws(SpoolError) -> [UInt8]? {
    do { return try Files.read(layout.publicKeys, limit: 1 << 20) } catch {
      if error.isAbsent { return nil }
      throw SpoolError(error)
    }
  }
}

// MARK: - The one way in which a name changes

extension Spool {
  /// Renames `source` to `target` as `Move` decides. Losing the race to somebody else is an outcome, not an error.
  func move(_ source: FilePath, to target: FilePath, witness: Move.Witness) throws(SpoolError) -> Move.Outcome {
    var move = Move(witness: witness)
    var action = move.start()
    var lastError: FileError?
    while true {
      switch action {
      case .rename:
        do {
          try Files.rename(source, to: target)
          action = move.renamed(successfully: true)
        } catch {
          lastError = error
          action = move.renamed(successfully: false)
        }
      case .look:
        let (sourceExists, targetExists) = try spooling { () throws(FileError) in
          (try Files.witness(source), try Files.witness(target))
        }
        action = move.looked(sourceExists: sourceExists, targetExists: targetExists)
      case .finished(let outcome): return outcome
      case .failed: throw lastError.map(SpoolError.init) ?? SpoolError(.file, "cannot rename \(source) to \(target)")
      }
    }
  }

  func carryOut(_ transition: Transition) throws(SpoolError) -> Move.Outcome {
    try move(
      layout.job(transition.source.name, in: transition.source.state),
      to: layout.job(transition.target.name, in: transition.target.state), witness: transition.witness)
  }

  /// Makes a rename between two directories durable.
  func synchronize(_ directories: FilePath...) throws(SpoolError) {
    for directory in directories {
      try spooling { () throws(FileError) in try Files.synchronize(directory: directory) }
    }
  }
}

/// Writes a small file that must not be there yet, durably but for the entry in its directory.
func save(_ bytes: [UInt8], toNew path: FilePath) throws(FileError) {
  var file = try NewFile(creating: path)
  try file.write(bytes.span)
  try file.synchronizeAndClose()
}
