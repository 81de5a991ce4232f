import DurableFiles
import SystemPackage

/// The one writer of a resumable upload, from the offset at which it stands.
///
/// What it has written counts once `record` has returned. Whoever drops it before leaves the upload as it was recorded.
public struct UploadWriter: ~Copyable, Sendable {
  private var source: ResumedFile
  private var file: ResumedFile
  private var record: OffsetRecord

  /// Where the next byte goes.
  public var offset: Int64 { source.offset }
  /// How many bytes count.
  public var recorded: Int64 { record.offset }

  init(_ id: JobID, at offset: Int64, in spool: Spool) throws(SpoolError) {
    let directory = spool.layout.upload(id)
    let path = JobFiles.offset(in: directory)
    let record = try spooling { () throws(FileError) in try Self.record(at: path, of: offset) }
    let source = try spooling { () throws(FileError) in
      try ResumedFile(continuing: JobFiles.source(in: directory), at: offset)
    }
    let file = try spooling { () throws(FileError) in
      try ResumedFile(continuing: path, at: Int64(OffsetRecord.fileLength))
    }
    self.record = record
    self.source = source
    self.file = file
  }

  /// Where the record is damaged, or the disk has lost bytes of the source, it begins anew.
  private static func record(at path: FilePath, of offset: Int64) throws(FileError) -> OffsetRecord {
    if let found = OffsetRecord(try Files.read(path, limit: 4096)), found.offset == offset { return found }
    try Files.save(OffsetRecord.first, to: path)
    return OffsetRecord()
  }

  /// Appends bytes that do not count yet.
  public mutating func write(_ bytes: Span<UInt8>) throws(SpoolError) {
    do { try source.write(bytes) } catch { throw SpoolError(error) }
  }

  /// Makes what was written durable, and lets it count.
  public mutating func synchronize() throws(SpoolError) {
    guard source.offset != record.offset else { return }
    do {
      try source.synchronize()
      let (line, position) = record.advance(to: source.offset)
      try file.overwrite(line.span, at: position)
      try file.synchronize()
    } catch { throw SpoolError(error) }
  }

  /// Takes back what was written since the last `synchronize`.
  public mutating func rewind() throws(SpoolError) {
    do { try source.rewind(to: record.offset) } catch { throw SpoolError(error) }
  }
}

extension Spool {
  /// Opens an upload for its writer; see `UploadWriter`.
  public func write(upload id: JobID, at offset: Int64) throws(SpoolError) -> UploadWriter {
    try UploadWriter(id, at: offset, in: self)
  }
}
