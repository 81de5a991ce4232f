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
import Telemetry
import Tokens
import WireFormats

/// `POST /upload` with a form and `PUT /upload/<name>` with raw bytes: a video comes in, a job goes out.
///
///     authorize ─► room for it? ─► stage: bytes and hash ─► sign the sidecar ─► commit ─► index ─► acknowledge
///
/// Whatever fails on the way, nothing is left in `incoming/`.
struct UploadRoutes: Sendable {
  let door: Door
  let intake: Intake

  func add(to router: Router<GatewayContext>) {
    router.post("upload") { request, context in try await form(request, context) }
    router.put("upload/:name") { request, context in try await raw(request, context) }
  }

  private func form(_ request: Request, _ context: GatewayContext) async throws -> Response {
    let caller = try await door.admit(request, context, to: .upload)
    try await intake.checkRoom(for: request.announcedLength ?? 0, overhead: UploadLimits.formOverhead)
    guard let type = request.headers[.contentType], let boundary = try? MultipartParser.boundary(fromContentType: type)
    else { throw HTTPFailure.oneFileRequired }
    let wishes = try intake.wishes(in: request)
    try await intake.notices.check(wishes.notice, of: caller.username)
    var reader = FormReader(boundary: boundary, wishes: wishes)
    let length = max(0, (request.announcedLength ?? 0) - UploadLimits.formOverhead)
    return try await receive(request, of: length, from: caller, name: nil, context) { portions in
      let form = try await reader.read(request.body) { try await portions.add($0) }
      if form.wishes.notice != wishes.notice {
        try await intake.notices.check(form.wishes.notice, of: caller.username)
      }
      return form
    }
  }

  private func raw(_ request: Request, _ context: GatewayContext) async throws -> Response {
    let caller = try await door.admit(request, context, to: .upload)
    try await intake.checkRoom(for: request.announcedLength ?? 0)
    let name = try FileName.checked(try context.parameters.require("name").removingPercentEncoding ?? "")
    let wishes = try intake.wishes(in: request)
    try await intake.notices.check(wishes.notice, of: caller.username)
    let length = request.announcedLength ?? 0
    return try await receive(request, of: length, from: caller, name: name, context) { portions in
      for try await chunk in request.body { try await portions.add(chunk) }
      try portions.expectWhole(request)
      return FormReader.Form(fileName: name, wishes: wishes)
    }
  }

  /// Stages what `read` hands on, and makes it a job.
  ///
  /// - Parameters:
  ///   - length: the file's, as far as it is known; 0 where it is not.
  ///   - name: the file's, where it is known before the body.
  private func receive(
    _ request: Request, of length: Int64, from caller: Caller, name: String?, _ context: GatewayContext,
    _ read: (inout UploadPortions) async throws -> FormReader.Form
  ) async throws -> Response {
    let accepted = try await intake.once(
      request, owner: caller.username, name: name, size: request.announcedLength
    ) { id in
      // An answer that was given before is given again, however much there is by now.
      let grant = try await intake.quota.check(caller.username, id, announcedBytes: length)
      try await context.askForBody(of: request)
      let upload = try await IncomingUpload.begin(id, in: intake.spool)
      do {
        var portions = UploadPortions(upload, limit: intake.limits.maximumBytes, grant: grant)
        let form = try await read(&portions)
        try await portions.flush()
        try await grant.confirm()
        return try await accept(upload, form, owner: caller.username, context)
      } catch {
        await upload.discard()
        throw error
      }
    }
    return acknowledgement(of: accepted, to: request)
  }

  /// Makes the upload a job, unless an earlier one has made it needless.
  private func accept(
    _ upload: IncomingUpload, _ form: FormReader.Form, owner: String, _ context: GatewayContext
  ) async throws -> Accepted {
    let (byteCount, sha256) = upload.whole()
    let options = form.wishes.options
    if !form.wishes.convertsAgain,
      let original = try await intake.catalog.original(of: sha256, options, owner: owner, in: intake.spool)
    {
      await upload.discard()
      try await intake.catalog.note(form.wishes.notice, for: original.id)
      return Accepted(fid: original.id, isDuplicate: true)
    }
    let sidecar = Sidecar(
      id: upload.id, owner: owner, name: form.fileName, size: byteCount, sha256: sha256, options: options,
      origin: .upload, issuedAt: Date(), trace: Telemetry.trace)
    let signed = try await intake.signer.sign(sidecar)
    // Before anybody can see the job, and so before it can end.
    try await intake.catalog.note(form.wishes.notice, for: upload.id)
    try await Telemetry.span("save") { span in
      span.note("mp3spool.job", "\(upload.id)")
      try await upload.commit(sidecar: signed)
    }
    await intake.catalog.index(JobRecord(waiting: sidecar), context.logger)
    return Accepted(fid: upload.id)
  }

  private func acknowledgement(of accepted: Accepted, to request: Request) -> Response {
    var headers: HTTPFields = [.location: "/jobs/\(accepted.fid)"]
    if accepted.isReplay { headers[.idempotencyReplayed] = "true" }
    let prefersText = AcceptHeader(request.headers[.accept]).prefers("text/plain", over: "application/json")
    if prefersText { return .text("success", headers: headers) }
    return .json(Acknowledgement(fid: accepted.fid, duplicate: accepted.isDuplicate ? true : nil), headers: headers)
  }

  private struct Acknowledgement: Encodable {
    let fid: JobID
    /// Only said where it is so: older clients know nothing of it.
    let duplicate: Bool?
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

/// Hands an upload's bytes on in portions, and counts them.
struct UploadPortions: ~Copyable {
  private let upload: IncomingUpload
  private let limit: Int64
  private let grant: QuotaGrant
  private var pending = BodyPortion()
  private var byteCount: Int64 = 0

  init(_ upload: IncomingUpload, limit: Int64, grant: QuotaGrant) {
    self.upload = upload
    self.limit = limit
    self.grant = grant
  }

  mutating func add(_ buffer: ByteBuffer) async throws {
    try count(buffer.readableBytes)
    pending.add(buffer)
    if pending.isWorthACall { try await flush() }
  }

  mutating func add(_ bytes: ArraySlice<UInt8>) async throws {
    try count(bytes.count)
    pending.add(bytes)
    if pending.isWorthACall { try await flush() }
  }

  private mutating func count(_ more: Int) throws {
    byteCount += Int64(more)
    guard byteCount <= limit else { throw UploadLimits(maximumBytes: limit, reservedBytes: 0).tooLarge }
    try grant.count(byteCount)
  }

  /// A body that is taken away from its reader, by a stop of the service or a stream that is reset, looks like any other
  /// end.
  func expectWhole(_ request: Request) throws {
    try Task.checkCancellation()
    guard byteCount == request.announcedLength ?? byteCount else {
      throw HTTPFailure(.badRequest, "\(byteCount) bytes came where \(request.announcedLength ?? 0) were announced")
    }
  }

  mutating func flush() async throws {
    if !pending.isEmpty { try await upload.append(pending.take()) }
  }
}
