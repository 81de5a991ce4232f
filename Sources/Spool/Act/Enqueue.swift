import DurableFiles
import SystemPackage

/// A job that is being built in `.state/tmp/`: its source is written, then its sidecar, then it is committed.
///
/// Whoever drops it without `commit` leaves nothing in `incoming/`: call `discard`, or let recovery clean up.
public struct StagedJob: ~Copyable, Sendable {
  public let id: JobID
  private let spool: Spool
  private let directory: FilePath
  private var source: NewFile?

  /// How many bytes of the source were written so far.
  public private(set) var byteCount: Int64 = 0

  init(_ id: JobID, in spool: Spool) throws(SpoolError) {
    self.id = id
    self.spool = spool
    let directory = spool.layout.staging.appending("\(id).\(ClaimNumber())")
    self.directory = directory
    do {
      // Its name is never used twice, so one that is there already is ours, and only the answer was lost (rule R3).
      //
      // Root's would be moved by nobody else: to give a directory another parent takes the right to write to it (rename(2)).
      try Files.makeOwnersDirectoryIfAbsent(directory)
      let source = try NewFile(creating: JobFiles.source(in: directory))
      try source.giveToOwnerOfDirectory()
      self.source = consume source
    } catch {
      try? spool.throwAway(directory)
      throw SpoolError(error)
    }
  }

  /// Appends to the source.
  public mutating func write(_ bytes: Span<UInt8>) throws(SpoolError) {
    do { try source?.write(bytes) } catch { throw SpoolError(error) }
    byteCount += Int64(bytes.count)
  }

  /// Writes the sidecar and puts the job into `incoming/`. When this returns, the job survives a power cut, and only then
  /// may it be acknowledged.
  ///
  /// Where it throws, the job is discarded; only one that was renamed already, and could not be synchronized, stays.
  ///
  /// - Parameter announced: the length that the sender declared, where it did; another one throws `.incomplete`.
  public consuming func commit(sidecar: [UInt8], announced: Int64? = nil) throws(SpoolError) {
    do {
      try seal(sidecar: sidecar, announced: announced)
      let target = spool.layout.job(.waiting(id, attempt: 0), in: .waiting)
      // Nobody else moves a staged job, and a converter may have claimed it before we look: so the source is the witness.
      _ = try spool.move(directory, to: target, witness: .source)
    } catch {
      // On a full disk a source that stays is what keeps it full.
      discard()
      throw error
    }
    try spool.synchronize(spool.layout.incoming, spool.layout.staging)
  }

  private mutating func seal(sidecar: [UInt8], announced: Int64?) throws(SpoolError) {
    if let announced, announced != byteCount {
      throw SpoolError(.incomplete, "\(byteCount) bytes came where \(announced) were announced")
    }
    guard let source = source.take() else { return }
    do {
      // Both files are there before the first is waited for: one commit of the file system's journal then serves both.
      var ticket = try NewFile(creating: JobFiles.sidecar(in: directory))
      try ticket.giveToOwnerOfDirectory()
      try ticket.write(sidecar.span)
      try source.synchronizeAndClose()
      try ticket.synchronizeAndClose()
      try Files.synchronize(directory: directory)
    } catch { throw SpoolError(error) }
  }

  /// Removes what was staged.
  public consuming func discard() {
    source = nil
    try? spool.throwAway(directory)
  }
}

extension Spool {
  /// Begins a job; see `StagedJob`.
  public func stage(_ id: JobID) throws(SpoolError) -> StagedJob { try StagedJob(id, in: self) }
}
