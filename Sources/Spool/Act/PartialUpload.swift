import DurableFiles
import SystemPackage
public import WireFormats

/// What the sender of a resumable upload said at its beginning.
public struct UploadDescription: Codable, Sendable, Equatable {
  /// Who sends it: a user's email.
  public var owner: String
  /// The original file name.
  public var name: String
  public var options: ConversionOptions
  /// The size of the whole, in bytes; nil while the sender has not said it.
  public var length: Int64?
  /// Convert it even where the same bytes were converted before.
  public var convertsAgain: Bool
  /// The sender's own words of the file, to be told again as they came.
  public var metadata: String?
  /// The job whose bytes these were, where the upload needed no job of its own.
  public var duplicateOf: JobID?
  /// Who is to be told of its end; nil: nobody but those who are told anyway. Version 0.1 did not write it.
  public var notice: NoticeWish?

  public init(
    owner: String, name: String, options: ConversionOptions, length: Int64?, convertsAgain: Bool = false,
    metadata: String? = nil, notice: NoticeWish? = nil
  ) {
    self.owner = owner
    self.name = name
    self.options = options
    self.length = length
    self.convertsAgain = convertsAgain
    self.metadata = metadata
    self.notice = notice
  }
}

/// Where a resumable upload stands.
public struct UploadStanding: Sendable, Equatable {
  public var description: UploadDescription
  /// How many bytes count: those are on the disk, whatever happens.
  public var offset: Int64
  /// When the last byte came, as time since 1970 by the spool's clock.
  public var changed: Duration
}

// A resumable upload is the directory `.state/uploads/J`, where J is the id of the job that it becomes. It holds
//
//     source        the bytes; its end is no proof of anything
//     offset        how many of them count (`OffsetRecord`)
//     upload.json   whose it is and what it becomes; written last, so where it is missing there is no upload
//
// | step     | what it does                                                     | a crash within it leaves          |
// |----------|------------------------------------------------------------------|-----------------------------------|
// | begin    | mkdir, source, offset, upload.json, fsync                        | nothing that counts               |
// | write    | bytes, fsync; then offset, fsync                                 | the offset before                 |
// | complete | job.jwt, fsync; rename to `incoming/J.0`, fsync both directories | the upload or the job, never both |
// | discard  | rename to `trash/`                                               | the upload or nothing             |
//
// Only the process that owns the index touches them, and it sees to it that each has one writer at a time.
extension Spool {
  /// Begins an upload; when this returns, it survives a power cut.
  public func beginUpload(_ id: JobID, _ description: UploadDescription) throws(SpoolError) {
    let directory = layout.upload(id)
    // A crash may have left one of which nobody was told.
    if try upload(id) == nil { try throwAway(directory) }
    // One that is there now is ours: only the answer was lost (rule R3).
    try spooling { () throws(FileError) in try Files.makeDirectoryIfAbsent(directory) }
    do {
      try spooling { () throws(FileError) in
        try save([], toNew: JobFiles.source(in: directory))
        try save(OffsetRecord.first, toNew: JobFiles.offset(in: directory))
        try Files.save(JSON.encode(description), to: JobFiles.upload(in: directory))
        try Files.synchronize(directory: layout.uploads)
      }
    } catch {
      try? throwAway(directory)
      throw error
    }
  }

  /// Where the upload stands; nil where there is none of that id.
  public func upload(_ id: JobID) throws(SpoolError) -> UploadStanding? {
    let files: (description: [UInt8], record: [UInt8], size: Int64, changed: Duration)?
    do { files = try self.files(of: id) } catch {
      if error.isAbsent { return nil }
      throw SpoolError(error)
    }
    guard let files else { return nil }
    guard let description = JSON.decode(UploadDescription.self, from: files.description) else {
      throw SpoolError(.unreadable, "\(layout.upload(id)) has no description that mp3spool writes")
    }
    // A source that is shorter than what was synchronized is a broken disk's; its sender can mend it.
    let offset = min(OffsetRecord(files.record)?.offset ?? 0, files.size)
    return UploadStanding(description: description, offset: offset, changed: files.changed)
  }

  private func files(
    of id: JobID
  ) throws(FileError) -> (description: [UInt8], record: [UInt8], size: Int64, changed: Duration)? {
    let directory = layout.upload(id)
    let description = try Files.read(JobFiles.upload(in: directory), limit: 1 << 20)
    let record = try Files.read(JobFiles.offset(in: directory), limit: 4096)
    guard let source = try Files.status(JobFiles.source(in: directory)), let changed = try lastChange(of: id) else {
      return nil
    }
    return (description, record, source.size, changed)
  }

  /// At least one byte and at most `count` of the upload from `offset` on.
  public func read(upload id: JobID, from offset: Int64, count: Int) throws(SpoolError) -> [UInt8] {
    try spooling { () throws(FileError) in
      let source = try SourceFile(reading: JobFiles.source(in: layout.upload(id)))
      let bytes = try source.read(upTo: count, at: offset)
      // Those bytes were on the disk once.
      guard !bytes.isEmpty else { throw FileError(operation: "read", path: source.path, errno: .ioError) }
      return bytes
    }
  }

  /// Writes the description anew: the sender has said the length, or the bytes were another job's.
  public func describe(upload id: JobID, _ description: UploadDescription) throws(SpoolError) {
    let path = JobFiles.upload(in: layout.upload(id))
    try spooling { () throws(FileError) in try Files.save(JSON.encode(description), to: path) }
  }

  /// Notes that the bytes of a whole upload were those of the job `original`, and gives their room back. Its sender may ask
  /// what became of it until it expires.
  public func settle(
    upload id: JobID, _ description: UploadDescription, asDuplicateOf original: JobID
  ) throws(SpoolError) {
    var description = description
    description.duplicateOf = original
    try describe(upload: id, description)
    try spooling { () throws(FileError) in
      try ResumedFile(continuing: JobFiles.source(in: layout.upload(id)), at: 0).close()
    }
  }

  /// Makes a whole upload the waiting job of its id. When this returns, the job survives a power cut.
  ///
  /// To be called again after a crash, or where it threw.
  public func complete(upload id: JobID, length: Int64, sidecar: [UInt8]) throws(SpoolError) {
    let directory = layout.upload(id)
    try spooling { () throws(FileError) in
      let source = try ResumedFile(continuing: JobFiles.source(in: directory), at: length)
      try source.synchronize()
      try source.close()
      // Of an earlier try there may be one already; nobody has read it.
      try Files.save(sidecar, to: JobFiles.sidecar(in: directory))
    }
    // Nobody else moves an upload, and a converter may have claimed the job before we look: the source is the witness.
    _ = try move(directory, to: layout.job(.waiting(id, attempt: 0), in: .waiting), witness: .source)
    try synchronize(layout.incoming, layout.uploads)
  }

  /// Removes an upload with its bytes. One that is not there is no failure.
  public func discard(upload id: JobID) throws(SpoolError) {
    try throwAway(layout.upload(id))
    try synchronize(layout.uploads)
  }

  /// All uploads that have not become jobs, and when the last byte of each came, as time since 1970.
  public func uploads() throws(SpoolError) -> [(id: JobID, changed: Duration)] {
    var found: [(id: JobID, changed: Duration)] = []
    for name in try spooling({ () throws(FileError) in try Files.names(in: layout.uploads) }) {
      guard let id = JobID(name), let changed = try spooling({ () throws(FileError) in try lastChange(of: id) }) else {
        continue
      }
      found.append((id, changed))
    }
    return found
  }

  /// The later of the last byte and the last note of how many count; of a directory without either, when it was made.
  private func lastChange(of id: JobID) throws(FileError) -> Duration? {
    let directory = layout.upload(id)
    var times: [Duration] = []
    for path in [JobFiles.source(in: directory), JobFiles.offset(in: directory)] {
      if let status = try Files.status(path) { times.append(status.modified) }
    }
    if let latest = times.max() { return latest }
    return try Files.status(directory)?.modified
  }
}
