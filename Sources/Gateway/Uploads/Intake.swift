import AuthService
import Catalog
import DurableFiles
import Foundation
import HTTPTypes
import Hummingbird
import Keeper
import Logging
import Spool
import SystemPackage
import Tokens
import WireFormats

/// What all ways of uploading have in common: what is asked before the first byte, and how the last one makes a job.
struct Intake: Sendable {
  let spool: Spool
  let catalog: Catalog
  let fairShare: FairShare
  let signer: SidecarSigner
  let limits: UploadLimits
  let quota: Quota
  /// What an upload gets that does not say something else.
  let defaults: ConversionOptions
  let keys: KeyedUploads
  let notices: UploadNotices

  /// Takes an upload in, with an id that is its owner's next turn, unless its key says that this was done.
  ///
  /// - Parameters:
  ///   - name: the file's name, where it is known before the body.
  ///   - size: the announced size, where there is one.
  ///   - last: the time of the owner's last id that no waiting job has yet.
  func once(
    _ request: Request, owner: String, name: String?, size: Int64?, after last: Date? = nil,
    _ work: (JobID) async throws -> Accepted
  ) async throws -> Accepted {
    try await fairShare.withNewID(for: owner, after: last) { id in
      try await keys.once(request, KeyedUpload(fid: id, name: name, size: size), owner: owner, work)
    }
  }

  /// What the URL's query says.
  func wishes(in request: Request) throws -> UploadWishes {
    var wishes = UploadWishes(options: defaults)
    for (name, value) in request.uri.queryParameters { try wishes.set([String(name): String(value)]) }
    return wishes
  }

  /// Refuses what is announced to be too large, or has no room, before a byte of it is read.
  ///
  /// - Parameters:
  ///   - announced: how many bytes will come; 0 where that is not known.
  ///   - overhead: how many of them may be something else than the file.
  func checkRoom(for announced: Int64, overhead: Int64 = 0) async throws {
    guard announced <= limits.maximumBytes + overhead else { throw limits.tooLarge }
    let free = try await BlockingThreads.run { [spool] () throws(FileError) in
      try Files.freeSpace(at: spool.layout.root)
    }
    guard free.bytes - limits.reservedBytes >= announced, free.inodes != 0 else { throw HTTPFailure.noSpace }
  }
}

/// What a sender wants of an upload, by query parameters, form fields or metadata of the same names.
struct UploadWishes: Sendable, Equatable {
  var options: ConversionOptions
  /// Convert it even where the same bytes were converted before.
  var convertsAgain = false
  /// Who is to be told of its end.
  var notice = NoticeWish()

  init(options: ConversionOptions) { self.options = options }

  /// Sets what the values say; an empty one says nothing.
  mutating func set(_ values: [String: String]) throws {
    var values = values
    try notice.take(from: &values)
    switch values.removeValue(forKey: "duplicate") {
    case nil, "": break
    case "answer": convertsAgain = false
    case "convert": convertsAgain = true
    default: throw HTTPFailure(.badRequest, "duplicate must be answer or convert.")
    }
    try options.set(values)
  }
}

/// What came of an upload.
struct Accepted: Sendable, Equatable {
  var fid: JobID
  /// The job is an earlier one, of the same bytes and options.
  var isDuplicate = false
  /// The request is one that was answered before.
  var isReplay = false
}

extension Catalog {
  /// The job is durable already: an index that cannot be written now finds it at its next scan.
  func index(_ record: JobRecord, _ logger: Logger) async {
    do { try await upsert(record) } catch {
      logger.warning("a new job is not in the index yet", metadata: ["job": "\(record.id)", "error": "\(error)"])
    }
  }

  /// A job of the same owner that makes the upload needless: of the same bytes, with the same options, and either under
  /// way or with all its MP3s in place.
  func original(
    of sha256: String, _ options: ConversionOptions, owner: String, in spool: Spool
  ) async throws -> JobRecord? {
    let candidates = try await jobs(of: owner, withSource: sha256).filter { $0.options == options }
    for record in candidates {
      guard record.state == .done else { return record }
      let isThere = try await BlockingThreads.run { () throws(FileError) in
        for result in record.result?.all ?? [] {
          guard try Files.status(spool.layout.audio(result, of: record)) != nil else { return false }
        }
        return record.result != nil
      }
      if isThere { return record }
    }
    return nil
  }
}

extension Request {
  /// The announced length of the body in bytes; nil where it is not announced.
  var announcedLength: Int64? { headers[.contentLength].flatMap { Int64($0) } }
}
