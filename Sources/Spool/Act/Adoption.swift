import DurableFiles
public import SystemPackage

/// A dropped file that has been taken out of `incoming/` and lies in `.state/adopt/J.N/source`, with its own name beside
/// it. From here on it only goes forward: its sidecar is written and the job is committed, by whoever holds the signing
/// key, now or after a crash.
public struct Adoption: Sendable {
  public let id: JobID
  /// The dropped file's name in UTF-8; what is none in it is U+FFFD.
  public let droppedName: [UInt8]
  /// The source's size in bytes, read after it was moved.
  public let size: Int64
  /// When the file's content changed last, as time since 1970.
  public let modified: Duration
  let directory: FilePath
}

extension Spool {
  /// Takes the plain file `name` out of `incoming/`; nil where somebody else did, or
  /// it is no plain file with one name.
  ///
  /// It is also left where a process of this host still writes to it: a file can be moved in, or look settled
  /// (`DropSettling`), while somebody has it open.
  public func adopt(_ name: FilePath.Component, as id: JobID) throws(SpoolError) -> Adoption? {
    let dropped = layout.incoming.appending(name)
    guard let before = try spooling({ () throws(FileError) in try Files.status(dropped) }), before.isAdoptable,
      try !isBeingWritten(name)
    else {
      return nil
    }
    let directory = layout.adopting.appending("\(id).\(ClaimNumber())")
    // The name is saved before the move: a crash right after it must not make the file nameless.
    try spooling { () throws(FileError) in
      try Files.makeDirectoryIfAbsent(directory)
      try save(name.bytes, toNew: JobFiles.droppedName(in: directory))
      try Files.synchronize(directory: directory)
      try Files.synchronize(directory: layout.adopting)
    }
    guard try move(dropped, to: JobFiles.source(in: directory), witness: .target) == .moved else {
      try throwAway(directory)
      return nil
    }
    return try adoption(id, in: directory)
  }

  /// Writes the sidecar of an adopted file and puts the job into `incoming/`.
  public func commit(_ adoption: Adoption, sidecar: [UInt8]) throws(SpoolError) {
    let path = JobFiles.sidecar(in: adoption.directory)
    try spooling { () throws(FileError) in
      let source = try SourceFile(reading: JobFiles.source(in: adoption.directory))
      try source.synchronize()
      // A sidecar that is there already was left by a crash and may be cut short; it was never read.
      try Files.unlinkIfPresent(path)
      try save(sidecar, toNew: path)
      try Files.synchronize(directory: adoption.directory)
    }
    let target = layout.job(.waiting(adoption.id, attempt: 0), in: .waiting)
    _ = try move(adoption.directory, to: target, witness: .source)
    try synchronize(layout.incoming, layout.adopting)
  }

  /// What a crash left between `adopt` and `commit`: each is to be committed. Directories that the crash left empty of a
  /// source are thrown away; theirs still lies in `incoming/`.
  public func interruptedAdoptions() throws(SpoolError) -> [Adoption] {
    let entries = try spooling { () throws(FileError) in try Files.list(layout.adopting, except: JobFiles.isTemporary) }
    var found: [Adoption] = []
    for entry in entries {
      let directory = layout.adopting.appending(entry.component)
      guard let id = JobID(String(entry.name.prefix(JobID.length))) else {
        try quarantine(directory)
        continue
      }
      guard try spooling({ () throws(FileError) in try Files.witness(JobFiles.source(in: directory)) }) else {
        try throwAway(directory)
        continue
      }
      found.append(try adoption(id, in: directory))
    }
    return found
  }

  private func adoption(_ id: JobID, in directory: FilePath) throws(SpoolError) -> Adoption {
    try spooling { () throws(FileError) in
      let status = try SourceFile(reading: JobFiles.source(in: directory)).status()
      let name = try Files.read(JobFiles.droppedName(in: directory), limit: 4096)
      return Adoption(id: id, droppedName: name, size: status.size, modified: status.modified, directory: directory)
    }
  }
}

extension FileStatus {
  /// A plain file with a single name: a second link would let its content change under the converter.
  var isAdoptable: Bool { kind == .file && linkCount == 1 }
}

extension FilePath.Component {
  var bytes: [UInt8] { Array(string.utf8) }
}
