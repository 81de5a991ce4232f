import AuthService
import Catalog
import DurableFiles
import Foundation
import HTTPTypes
import Hummingbird
import Keeper
import Logging
import NIOCore
import Spool
import SystemPackage
import Tokens
import WireFormats

/// `POST /upload` with a form and `PUT /upload/<name>` with raw bytes: a video comes in, a job goes out.
///
///     authorize ─► room for it? ─► stage: bytes and hash ─► sign the sidecar ─► commit ─► index ─► acknowledge
///
/// Whatever fails on the way, nothing is left in `incoming/`.
struct UploadRoutes: Sendable {
  let door: Door
  let spool: Spool
  let catalog: Catalog
  let fairShare: FairShare
  let signer: SidecarSigner
  let limits: UploadLimits
  /// What an upload gets that does not say something else.
  let defaults: ConversionOptions

  func add(to router: Router<GatewayContext>) {
    router.post("upload") { request, context in try await form(request, context) }
    router.put("upload/:name") { request, context in try await raw(request, context) }
  }

  private func form(_ request: Request, _ context: GatewayContext) async throws -> Response {
    let caller = try await door.admit(request, context, to: .upload)
    try await checkRoom(for: request)
    guard let type = request.headers[.contentType], let boundary = try? MultipartParser.boundary(fromContentType: type)
    else { throw HTTPFailure.oneFileRequired }
    var reader = FormReader(boundary: boundary, options: try options(in: request))
    try await context.askForBody(of: request)
    return try await receive(request, from: caller, context) { portions in
      try await reader.read(request.body) { try await portions.add($0) }
    }
  }

  private func raw(_ request: Request, _ context: GatewayContext) async throws -> Response {
    let caller = try await door.admit(request, context, to: .upload)
    try await checkRoom(for: request)
    let name = try FileName.checked(try context.parameters.require("name").removingPercentEncoding ?? "")
    let options = try options(in: request)
    try await context.askForBody(of: request)
    return try await receive(request, from: caller, context) { portions in
      for try await chunk in request.body { try await portions.add(Array(buffer: chunk)[...]) }
      return FormReader.Form(fileName: name, options: options)
    }
  }

  /// Stages what `read` hands on, and makes it a job.
  private func receive(
    _ request: Request, from caller: Caller, _ context: GatewayContext,
    _ read: (inout UploadPortions) async throws -> FormReader.Form
  ) async throws -> Response {
    try await fairShare.withNewID(for: caller.username) { id in
      let upload = try await IncomingUpload.begin(id, in: spool)
      do {
        var portions = UploadPortions(upload, limit: limits.maximumBytes)
        let form = try await read(&portions)
        try await portions.flush()
        let record = try await commit(upload, form, owner: caller.username)
        await index(record, context)
        return acknowledgement(of: record, to: request)
      } catch {
        await upload.discard()
        throw error
      }
    }
  }

  private func commit(
    _ upload: IncomingUpload, _ form: FormReader.Form, owner: String
  ) async throws -> JobRecord {
    let (byteCount, sha256) = try await upload.finish()
    let sidecar = Sidecar(
      id: upload.id, owner: owner, name: form.fileName, size: byteCount, sha256: sha256, options: form.options,
      origin: .upload, issuedAt: Date())
    try await upload.commit(sidecar: try await signer.sign(sidecar))
    return JobRecord(waiting: sidecar)
  }

  /// The job is durable already: an index that cannot be written now finds it at its next scan.
  private func index(_ record: JobRecord, _ context: GatewayContext) async {
    do { try await catalog.upsert(record) } catch {
      context.logger.warning(
        "a new job is not in the index yet", metadata: ["job": "\(record.id)", "error": "\(error)"])
    }
  }

  private func acknowledgement(of record: JobRecord, to request: Request) -> Response {
    let headers: HTTPFields = [.location: "/jobs/\(record.id)"]
    let prefersText = AcceptHeader(request.headers[.accept]).prefers("text/plain", over: "application/json")
    return prefersText ? .text("success", headers: headers) : .json(["fid": "\(record.id)"], headers: headers)
  }

  /// Conversion options in the URL's query.
  private func options(in request: Request) throws -> ConversionOptions {
    var options = defaults
    for (name, value) in request.uri.queryParameters { try options.set([String(name): String(value)]) }
    return options
  }

  /// Refuses what is announced to be too large, or has no room, before a byte of it is read.
  private func checkRoom(for request: Request) async throws {
    let announced = request.headers[.contentLength].flatMap { Int64($0) } ?? 0
    guard announced <= limits.maximumBytes + UploadLimits.formOverhead else { throw limits.tooLarge }
    let free = try await BlockingThreads.run { [spool] () throws(FileError) in
      try Files.freeSpace(at: spool.layout.root)
    }
    guard free.bytes - limits.reservedBytes >= announced, free.inodes != 0 else { throw HTTPFailure.noSpace }
  }
}

/// How much may come in.
public struct UploadLimits: Sendable {
  /// The largest file, in bytes.
  public let maximumBytes: Int64
  /// What must stay free on the spool's disk, in bytes.
  public let reservedBytes: Int64

  /// Boundaries, headers and option fields around the file; the file itself is counted exactly as it comes.
  static let formOverhead: Int64 = 64 << 10

  public init(maximumBytes: Int64, reservedBytes: Int64) {
    self.maximumBytes = maximumBytes
    self.reservedBytes = reservedBytes
  }

  var tooLarge: HTTPFailure {
    HTTPFailure(.contentTooLarge, "the file is too large: \(maximumBytes) bytes are the limit")
  }
}

extension HTTPFailure {
  /// 507, which RFC 4918 §11.5 adds to HTTP.
  static let noSpace = HTTPFailure(
    .init(code: 507, reasonPhrase: "Insufficient Storage"), "there is no space for this upload at the moment",
    headers: [.retryAfter: "60"])
}

/// Gathers an upload's bytes into portions that are worth a call to the disk, and counts them.
struct UploadPortions: ~Copyable {
  private let upload: IncomingUpload
  private let limit: Int64
  private var pending: [UInt8] = []
  private var byteCount: Int64 = 0

  private static let size = 512 << 10

  init(_ upload: IncomingUpload, limit: Int64) {
    self.upload = upload
    self.limit = limit
    pending.reserveCapacity(Self.size * 2)
  }

  mutating func add(_ bytes: ArraySlice<UInt8>) async throws {
    byteCount += Int64(bytes.count)
    guard byteCount <= limit else { throw UploadLimits(maximumBytes: limit, reservedBytes: 0).tooLarge }
    pending += bytes
    if pending.count >= Self.size { try await flush() }
  }

  mutating func flush() async throws {
    guard !pending.isEmpty else { return }
    try await upload.append(pending)
    pending.removeAll(keepingCapacity: true)
  }
}
