import DurableFiles
public import SystemPackage

extension Spool {
  /// Takes back what a dead incarnation owned, so that it is begun anew; see `Verdict` for where it goes.
  ///
  /// - Returns: where the claims went. Those that somebody else takes back at the same time are not among them.
  @discardableResult
  public func reclaim(from owner: Incarnation) throws(SpoolError) -> [ClaimEnd] {
    var ends: [ClaimEnd] = []
    for claim in try claims(of: owner) { ends.append(try takeBack(claim)) }
    return ends.filter { $0 != .lost }
  }

  /// Deletes what lies in `trash/`: what an earlier run did not get to, or could not. Another process may be trying the
  /// folder out: the names of a moment are left to ``discardLeftovers(refused:)``.
  ///
  /// - Parameter age: only what lies there for so long. What came just now, somebody else is about to delete.
  public func emptyTrash(after age: Duration = .zero) throws(SpoolError) {
    let latest = age == .zero ? nil : try now() - age
    for entry in try spooling({ () throws(FileError) in try Files.list(layout.trash, except: JobFiles.isTemporary) }) {
      let path = layout.trash.appending(entry.component)
      if let latest {
        // The rename that brought it here changed its status; source: inode(7).
        guard let status = try? Files.status(path), status.changed <= latest else { continue }
      }
      delete(path)
    }
  }

  /// What a process left that was killed: files that it tried the spool out with, half-written ones, and uploads that were
  /// never committed. A running upload writes to its source, so it is younger.
  public func leftovers() throws(SpoolError) -> [FilePath] {
    let now = try now()
    var found: [FilePath] = []
    for directory in layout.directories {
      let isNone = { directory != layout.staging && !JobFiles.isTemporary($0) }
      for entry in try spooling({ () throws(FileError) in try Files.list(directory, except: isNone) }) {
        let isStaged = directory == layout.staging && entry.kind == .directory
        guard isStaged || JobFiles.isTemporary(entry.name) else { continue }
        let path = directory.appending(entry.component)
        guard let modified = try spooling({ () throws(FileError) in try lastChange(of: path, isStaged) }) else {
          continue
        }
        if now - modified > (isStaged ? Self.stagedLifetime : Self.temporaryLifetime) { found.append(path) }
      }
    }
    return found
  }

  /// When something was last written there; nil where it is gone.
  private func lastChange(of path: FilePath, _ isStaged: Bool) throws(FileError) -> Duration? {
    guard let own = try Files.status(path)?.modified else { return nil }
    // One that may not be looked into is another user's.
    guard isStaged, let source = try? Files.status(JobFiles.source(in: path)) else { return own }
    return max(own, source.modified)
  }

  private static let stagedLifetime = Duration.seconds(36 * 3600)
  private static let temporaryLifetime = Duration.seconds(3600)

  /// Throws away what `leftovers` found.
  ///
  /// - Parameter refused: hears of what may not be moved, such as another user's, which stays and keeps nobody from his work.
  public func discardLeftovers(refused: (SpoolError) -> Void = { _ in }) throws(SpoolError) {
    for path in try leftovers() {
      try enduring(refused) { () throws(SpoolError) in _ = try throwAway(path) }
    }
  }

  private func enduring(_ refused: (SpoolError) -> Void, _ work: () throws(SpoolError) -> Void) throws(SpoolError) {
    do { try work() } catch {
      if error.isTemporary { throw error }
      refused(error)
    }
  }

  /// Moves what has no shape that the protocol knows out of the state directories into `corrupt/`, kept for a look.
  ///
  /// Plain files stay: in `incoming/` they are drops, in `done/` exported MP3s. So do hidden names.
  ///
  /// - Parameter refused: hears of what may not be moved, as for ``discardLeftovers(refused:)``.
  /// - Returns: the names that were moved.
  public func quarantineUnknown(refused: (SpoolError) -> Void = { _ in }) throws(SpoolError) -> [String] {
    var moved: [String] = []
    for (path, isDropped) in try unknownNames() where !isDropped {
      try enduring(refused) { () throws(SpoolError) in
        try quarantine(path)
        if let name = path.lastComponent?.string { moved.append(name) }
      }
    }
    return moved
  }

  /// Puts something that is none of the protocol's into `corrupt/`.
  public func quarantine(_ path: FilePath) throws(SpoolError) {
    _ = try move(path, to: layout.corrupt.appending(freshName(for: path)), witness: .source)
  }

  /// The names of what lies in `corrupt/`, where only people delete.
  public func quarantined() throws(SpoolError) -> [String] {
    try spooling { () throws(FileError) in try Files.list(layout.corrupt, except: JobFiles.isTemporary) }.map(\.name)
  }

  /// Deletes a directory by way of `trash/`, so that half of it is never mistaken for a whole.
  ///
  /// - Returns: false where it was not there.
  @discardableResult
  public func throwAway(_ path: FilePath) throws(SpoolError) -> Bool {
    let target = layout.trash.appending(freshName(for: path))
    guard try move(path, to: target, witness: .target) == .moved else { return false }
    delete(target)
    return true
  }

  /// A name that was never used: the old one and a number. A long one is cut, since a name with a number behind it must
  /// not have more than 255 bytes (NAME_MAX) either.
  private func freshName(for path: FilePath) -> String {
    let name = path.lastComponent?.string ?? "unknown"
    return "\(String(decoding: name.utf8.prefix(200), as: UTF8.self)).\(ClaimNumber())"
  }

  /// Deletes a tree in `trash/`. What cannot be deleted now, such as an NFS client's `.nfs*` files of what is still
  /// open, waits for the next time: so there are no errors here.
  private func delete(_ path: FilePath) {
    guard let status = try? Files.status(path) else { return }
    guard status.kind == .directory else {
      try? Files.unlink(path)
      return
    }
    for entry in (try? Files.list(path)) ?? [] where !entry.name.hasPrefix(".nfs") {
      delete(path.appending(entry.component))
    }
    try? Files.removeDirectory(path)
  }
}

extension JobFailure {
  /// The converter of a claim is gone, or knows nothing of it.
  public static let converterDied = JobFailure(
    code: "converter-died", sentence: "the converter ended while it was converting this file", isCertain: false)
}
