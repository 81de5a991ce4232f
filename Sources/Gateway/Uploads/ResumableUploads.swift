import AuthService
public import Catalog
import Crypto
import DurableFiles
import Foundation
import HTTPTypes
import Keeper
public import Logging
public import Spool
import Synchronization
import SystemPackage
import Telemetry
public import Tokens
import WireFormats

/// The resumable uploads of this process: who writes to which, when one becomes a job, and which have expired.
///
/// All copies are about the same uploads, also those that follow other settings.
public struct ResumableUploads: Sendable {
  let spool: Spool
  private let catalog: Catalog
  private var signer: SidecarSigner
  private let logger: Logger
  /// How long an upload is kept to which no byte comes.
  private(set) var expiry: Duration
  private let underway = Underway()
  /// The uploads that have keys, those in one piece as well.
  let keyed: KeyedUploads

  private final class Underway: Sendable {
    let writers = Mutex(UploadWriters())
    /// The SHA-256 of uploads whose bytes came to this process from the first on, at the offset at which they stand. It
    /// spares reading them once more; where it is missing they are read.
    let hashes = Mutex<[JobID: (offset: Int64, hash: SHA256)]>([:])
    /// Who sends each upload that was begun in this process and has not ended: their ids are turns that are taken.
    let unfinished = Mutex<[JobID: String]>([:])
  }

  /// More than this is not worth its memory.
  private static let mostHashes = 10_000

  public init(spool: Spool, catalog: Catalog, signer: SidecarSigner, expiry: Duration, logger: Logger) {
    self.spool = spool
    self.catalog = catalog
    self.keyed = KeyedUploads(spool: spool, catalog: catalog)
    self.signer = signer
    self.expiry = expiry
    self.logger = logger
  }

  /// The same uploads, by other settings.
  public func following(signer: SidecarSigner, expiry: Duration) -> ResumableUploads {
    var other = self
    (other.signer, other.expiry) = (signer, expiry)
    return other
  }

  // MARK: - Who writes

  /// Gives the caller the upload for itself while `body` runs.
  ///
  /// - Throws: 423 where somebody else has it.
  func withWriter<Value>(
    of id: JobID, _ body: (UploadWriters.Ticket) async throws -> Value
  ) async throws -> Value {
    switch underway.writers.withLock({ $0.enter(id, at: .now) }) {
    case .locked(let interrupt):
      interrupt?()
      throw HTTPFailure(
        .locked, "another request is writing to this upload", headers: [.retryAfter: "1"])
    case .entered(let ticket):
      defer { underway.writers.withLock { $0.leave(ticket) } }
      return try await body(ticket)
    }
  }

  /// Ends the upload's writer if nothing came from it for a while; see `UploadWriters`.
  func endSilentWriter(of id: JobID) {
    let interrupt = underway.writers.withLock { writers -> (@Sendable () -> Void)? in
      switch writers.enter(id, at: .now) {
      case .locked(let interrupt): return interrupt
      case .entered(let ticket):
        writers.leave(ticket)
        return nil
      }
    }
    interrupt?()
  }

  func set(interrupt: @escaping @Sendable () -> Void, for ticket: UploadWriters.Ticket) {
    underway.writers.withLock { $0.set(interrupt: interrupt, for: ticket) }
  }

  func hear(_ ticket: UploadWriters.Ticket) { underway.writers.withLock { $0.hear(ticket, at: .now) } }

  // MARK: - Where they stand

  func begin(_ id: JobID, _ description: UploadDescription) async throws {
    try await BlockingThreads.run { [spool] () throws(SpoolError) in try spool.beginUpload(id, description) }
    underway.unfinished.withLock { $0[id] = description.owner }
    keep(SHA256(), at: 0, of: id)
  }

  /// Where the upload stands; nil where there is none that has not become a job.
  func standing(of id: JobID) async throws -> UploadStanding? {
    try await BlockingThreads.run { [spool] () throws(SpoolError) in try spool.upload(id) }
  }

  /// When the upload expires, by the clock that its last byte was noted with.
  func expiryDate(of standing: UploadStanding) -> Date {
    Date(timeIntervalSince1970: (standing.changed + expiry) / .seconds(1))
  }

  /// The spool's clock is asked only where this host's says that it may be so.
  func isExpired(_ standing: UploadStanding) async throws -> Bool {
    guard expiryDate(of: standing) <= Date() else { return false }
    return try await BlockingThreads.run { [spool] () throws(SpoolError) in try spool.now() }
      > standing.changed + expiry
  }

  /// The job that the upload has become, also where the index does not know it yet.
  func job(_ id: JobID) async throws -> JobRecord? {
    if let record = try await catalog.job(id) { return record }
    let place = try await BlockingThreads.run { [spool] () throws(SpoolError) in try spool.find(id) }
    guard let place else { return nil }
    try await Indexer(spool: spool, catalog: catalog, logger: logger).refresh(place.name, in: place.state)
    return try await catalog.job(id)
  }

  func describe(_ id: JobID, _ description: UploadDescription) async throws {
    try await BlockingThreads.run { [spool] () throws(SpoolError) in
      try spool.describe(upload: id, description)
    }
  }

  /// Opens the upload for the caller, who has it for itself.
  func open(_ id: JobID, at offset: Int64, _ checksum: TusChecksum?) async throws -> OpenUpload {
    let known = underway.hashes.withLock { $0.removeValue(forKey: id) }
    let whole = known.flatMap { $0.offset == offset ? $0.hash : nil } ?? (offset == 0 ? SHA256() : nil)
    return try await OpenUpload.open(id, at: offset, whole: whole, checksum: checksum, in: spool)
  }

  /// Remembers the hash of the upload's first `offset` bytes.
  func keep(_ hash: SHA256?, at offset: Int64, of id: JobID) {
    guard let hash else { return }
    underway.hashes.withLock {
      if $0.count >= Self.mostHashes, let other = $0.keys.first { $0[other] = nil }
      $0[id] = (offset, hash)
    }
  }

  // MARK: - How they end

  /// Makes a job of a whole upload that the caller has for itself, unless an earlier one has made it needless. To be
  /// called again where it threw, or after a crash.
  func finish(_ id: JobID, _ standing: UploadStanding) async throws {
    let description = standing.description
    let sha256 = try await sha256(of: id, standing.offset)
    if !description.convertsAgain,
      let original = try await catalog.original(
        of: sha256, description.options, owner: description.owner, in: spool)
    {
      if let notice = description.notice { try await catalog.note(notice, for: original.id) }
      try await BlockingThreads.run { [spool] () throws(SpoolError) in
        try spool.settle(upload: id, description, asDuplicateOf: original.id)
      }
    } else {
      // Before anybody can see the job, and so before it can end.
      if let notice = description.notice { try await catalog.note(notice, for: id) }
      try await enqueue(
        id,
        Sidecar(
          id: id, owner: description.owner, name: description.name, size: standing.offset, sha256: sha256,
          options: description.options, origin: .upload, issuedAt: Date(), trace: Telemetry.trace ?? Trace()))
    }
    forget(id)
  }

  private func enqueue(_ id: JobID, _ sidecar: Sidecar) async throws {
    let signed = try await signer.sign(sidecar)
    try await Telemetry.span("save") { span in
      span.note("mp3spool.job", "\(id)")
      try await BlockingThreads.run { [spool] () throws(SpoolError) in
        try spool.complete(upload: id, length: sidecar.size, sidecar: signed)
      }
    }
    await catalog.index(JobRecord(waiting: sidecar), logger)
  }

  /// Of the bytes that are there: where this process did not see them all pass, they are read.
  private func sha256(of id: JobID, _ length: Int64) async throws -> String {
    if let known = underway.hashes.withLock({ $0[id] }), known.offset == length {
      return Digest.hex(known.hash.finalize())
    }
    var hash = SHA256()
    var offset: Int64 = 0
    while offset < length {
      let start = offset
      let bytes = try await BlockingThreads.run { [spool] () throws(SpoolError) in
        try spool.read(upload: id, from: start, count: Int(min(Self.readSize, length - start)))
      }
      hash.update(data: bytes)
      offset += Int64(bytes.count)
    }
    keep(hash, at: length, of: id)
    return Digest.hex(hash.finalize())
  }

  private static let readSize: Int64 = 4 << 20

  func discard(_ id: JobID) async throws {
    try await BlockingThreads.run { [spool] () throws(SpoolError) in try spool.discard(upload: id) }
    forget(id)
  }

  private func forget(_ id: JobID) {
    underway.hashes.withLock { $0[id] = nil }
    underway.unfinished.withLock { $0[id] = nil }
  }

  /// The time of the last of this owner's ids that no job has yet. Without it, a thousand uploads that are begun together
  /// and end together would come before all others' jobs.
  func lastUnfinished(of owner: String) -> Date? {
    underway.unfinished.withLock { $0.filter { $0.value == owner }.keys.max()?.time }
  }

  /// Removes what has expired, and makes jobs of what is whole but was kept from it by a crash.
  @Sendable public func sweep() async throws {
    let (now, uploads) = try await BlockingThreads.run { [spool] () throws(SpoolError) in
      (try spool.now(), try spool.uploads())
    }
    for (id, changed) in uploads where now - changed > min(expiry, Self.lull) {
      do { try await withWriter(of: id) { _ in try await look(at: id, changed, now) } } catch {
        // Where somebody is at it, it has not expired.
        if error is HTTPFailure { continue }
        logger.warning(
          "a resumable upload cannot be looked at", metadata: ["upload": "\(id)", "error": "\(error)"])
      }
    }
  }

  /// An upload to which something came just now is looked at the next time.
  private static let lull = Duration.seconds(60)

  private func look(at id: JobID, _ changed: Duration, _ now: Duration) async throws {
    if let standing = try await standing(of: id) {
      let upload = TusUpload(length: standing.description.length, offset: standing.offset)
      if upload.isComplete, standing.description.duplicateOf == nil { return try await finish(id, standing) }
      guard now - standing.changed > expiry else { return }
    } else if now - changed <= expiry {
      return
    }
    try await discard(id)
    logger.info("a resumable upload has expired", metadata: ["upload": "\(id)"])
  }
}
