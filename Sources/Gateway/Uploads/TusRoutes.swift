import AuthService
import Catalog
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Spool
import Tokens
import WireFormats

/// Resumable uploads by tus 1.0 (https://tus.io/protocols/resumable-upload) under `/files`.
///
/// An upload's id is the `fid` of the job that it becomes: what is sent to `/files/<fid>` is found under `/jobs/<fid>`. The
/// answer to the request that brings the last byte, and each later one, says so in `Mp3spool-Fid`.
struct TusRoutes: Sendable {
  let door: Door
  let intake: Intake
  let uploads: ResumableUploads

  func add(to router: Router<GatewayContext>) {
    for method in [.options, .post] as [HTTPRequest.Method] {
      router.on("files", method: method) { request, context in
        try await answer(request) { try await collection(request, context) }
      }
    }
    // POST is for clients that name another method in a header.
    for method in [.options, .post, .head, .patch, .delete] as [HTTPRequest.Method] {
      router.on("files/:fid", method: method) { request, context in
        try await answer(request) { try await upload(request, context) }
      }
    }
  }

  /// Every answer says the version; a client of another one is told which there is.
  private func answer(_ request: Request, _ work: () async throws -> Response) async throws -> Response {
    do {
      if request.intendedMethod != .options { try Tus.checkVersion(request.headers[.tusResumable]) }
      var response = try await work()
      response.headers[.tusResumable] = Tus.version
      return response
    } catch {
      guard var failure = error as? HTTPFailure ?? HTTPFailure(translating: error) else { throw error }
      failure.headers[.tusResumable] = Tus.version
      if failure.status.code == 412 { failure.headers[.tusVersion] = Tus.version }
      throw failure
    }
  }

  private func collection(_ request: Request, _ context: GatewayContext) async throws -> Response {
    switch request.intendedMethod {
    case .options: return capabilities()
    case .post: return try await create(request, context)
    default: throw HTTPFailure.notAllowed(but: ["OPTIONS", "POST"])
    }
  }

  private func upload(_ request: Request, _ context: GatewayContext) async throws -> Response {
    if request.intendedMethod == .options { return capabilities() }
    let caller = try await door.admit(request, context, to: .upload)
    guard let id = JobID(context.parameters.get("fid") ?? "") else { throw Self.unknown }
    switch request.intendedMethod {
    case .head: return try await head(id, caller)
    case .patch: return try await patch(id, caller, request, context)
    case .delete: return try await delete(id, caller)
    default: throw HTTPFailure.notAllowed(but: ["OPTIONS", "HEAD", "PATCH", "DELETE"])
    }
  }

  private func capabilities() -> Response {
    Response(
      status: .noContent,
      headers: [
        .tusVersion: Tus.version, .tusExtension: Tus.extensions, .tusMaxSize: "\(intake.limits.maximumBytes)",
        .tusChecksumAlgorithm: TusChecksum.algorithms,
      ])
  }

  // MARK: - One upload

  private enum Found {
    case upload(UploadStanding)
    /// All of its bytes came, and this is what they became.
    case job(JobRecord)

    var state: TusUpload {
      switch self {
      // Of an upload that a job was there for already the bytes are gone, and yet they all came.
      case .upload(let standing) where standing.description.duplicateOf != nil:
        TusUpload(length: standing.description.length, offset: standing.description.length ?? 0)
      case .upload(let standing): TusUpload(length: standing.description.length, offset: standing.offset)
      case .job(let record): TusUpload(length: record.size, offset: record.size)
      }
    }
  }

  private static let unknown = HTTPFailure(.notFound, "there is no such upload")
  private static let expired = HTTPFailure(.gone, "the upload has expired")

  /// The upload, if it is the caller's; others' uploads do not exist for them.
  private func find(_ id: JobID, _ caller: Caller) async throws -> Found {
    if let standing = try await uploads.standing(of: id) {
      guard standing.description.owner == caller.username else { throw Self.unknown }
      guard try await !uploads.isExpired(standing) else { throw Self.expired }
      return .upload(standing)
    }
    if let record = try await uploads.job(id) {
      guard record.owner == caller.username, record.origin == .upload else { throw Self.unknown }
      return .job(record)
    }
    throw try await intake.catalog.isExpired(id) ? Self.expired : Self.unknown
  }

  private func head(_ id: JobID, _ caller: Caller) async throws -> Response {
    var found = try await find(id, caller)
    // A client that asks where it stands has lost its connection: the one that it had must not keep it out.
    uploads.endSilentWriter(of: id)
    if case .upload = found, found.state.isComplete {
      // Something came between the last byte and the job.
      let settled = try? await uploads.withWriter(of: id) { _ in
        try await finished(id, try await find(id, caller), caller)
      }
      found = settled ?? found
    }
    var headers = fields(of: found)
    headers[.cacheControl] = "no-store"
    switch found.state.length {
    case let length?: headers[.uploadLength] = "\(length)"
    case nil: headers[.uploadDeferLength] = "1"
    }
    if case .upload(let standing) = found { headers[.uploadMetadata] = standing.description.metadata }
    return Response(status: .ok, headers: headers)
  }

  /// Makes a job of an upload that is whole. The caller has it for itself.
  private func finished(_ id: JobID, _ found: Found, _ caller: Caller) async throws -> Found {
    guard case .upload(let standing) = found, standing.description.duplicateOf == nil, found.state.isComplete else {
      return found
    }
    try await uploads.finish(id, standing)
    return try await find(id, caller)
  }

  /// An upload is worth a line when it has become a job.
  private func tellAudit(of found: Found, _ context: GatewayContext) {
    guard case .job(let record) = found else { return }
    context.visitor.note(.upload)
    context.visitor.note(fid: "\(record.id)")
  }

  /// Where an upload stands, and how long it is kept or what it has become.
  private func fields(of found: Found) -> HTTPFields {
    var headers: HTTPFields = [.uploadOffset: "\(found.state.offset)"]
    switch found {
    case .upload(let standing):
      headers[.uploadExpires] = uploads.expiryDate(of: standing).httpDate
      guard let original = standing.description.duplicateOf else { break }
      headers[.fid] = "\(original)"
      headers[.isDuplicate] = "true"
    case .job(let record): headers[.fid] = "\(record.id)"
    }
    return headers
  }

  private func delete(_ id: JobID, _ caller: Caller) async throws -> Response {
    _ = try await find(id, caller)
    return try await uploads.withWriter(of: id) { _ in
      guard case .upload = try await find(id, caller) else {
        throw HTTPFailure(.conflict, "the upload has become a job: DELETE /jobs/\(id) removes that")
      }
      try await uploads.discard(id)
      return Response(status: .noContent)
    }
  }

  private func patch(
    _ id: JobID, _ caller: Caller, _ request: Request, _ context: GatewayContext
  ) async throws -> Response {
    _ = try await find(id, caller)
    let portion = try request.tusPortion()
    return try await uploads.withWriter(of: id) { ticket in
      var found = try await find(id, caller)
      var state = found.state
      let limit = try state.admit(portion, maximum: intake.limits.maximumBytes)
      if case .upload(var standing) = found, standing.description.duplicateOf == nil {
        let checksum = try request.tusChecksum()
        try await intake.checkRoom(for: portion.bodyLength ?? 0)
        // The bytes that lie there already are in no index yet: the upload counts whole.
        let grant = try await intake.quota.check(
          caller.username, id, announcedBytes: max(state.length ?? 0, portion.offset + (portion.bodyLength ?? 0)))
        if state.length != standing.description.length {
          standing.description.length = state.length
          try await uploads.describe(id, standing.description)
        }
        try await context.askForBody(of: request)
        try await receive(request, state, limit, checksum, grant, ticket)
        found = try await finished(id, try await find(id, caller), caller)
        withExtendedLifetime(grant) {}
        tellAudit(of: found, context)
      }
      return Response(status: .noContent, headers: fields(of: found))
    }
  }

  // MARK: - A new upload

  private func create(_ request: Request, _ context: GatewayContext) async throws -> Response {
    let caller = try await door.admit(request, context, to: .upload)
    let description = try UploadDescription(request, owner: caller.username, wishes: try intake.wishes(in: request))
    try TusUpload.check(length: description.length, maximum: intake.limits.maximumBytes)
    if let notice = description.notice { try await intake.notices.check(notice, of: caller.username) }
    let bringsBytes = request.headers[.contentType] == Tus.contentType
    guard bringsBytes || request.announcedLength ?? 0 == 0 else {
      throw TusRefusal(415, "The Content-Type must be \(Tus.contentType) where a new upload brings bytes.")
    }
    var state = TusUpload(length: description.length, offset: 0)
    let portion = TusUpload.Portion(offset: 0, bodyLength: bringsBytes ? request.announcedLength : 0)
    let limit = try state.admit(portion, maximum: intake.limits.maximumBytes)
    let checksum = try request.tusChecksum()
    try await intake.checkRoom(for: max(description.length ?? 0, request.announcedLength ?? 0))
    let accepted = try await intake.once(
      request, owner: caller.username, name: description.name, size: description.length,
      after: uploads.lastUnfinished(of: caller.username)
    ) { id in
      let grant = try await intake.quota.check(
        caller.username, id, announcedBytes: max(description.length ?? 0, request.announcedLength ?? 0))
      try await begin(id, description) { ticket in
        try await context.askForBody(of: request)
        if bringsBytes { try await receive(request, state, limit, checksum, grant, ticket) }
        _ = try await finished(id, try await find(id, caller), caller)
      }
      withExtendedLifetime(grant) {}
      return Accepted(fid: id)
    }
    let found = try await find(accepted.fid, caller)
    if !accepted.isReplay { tellAudit(of: found, context) }
    var headers = fields(of: found)
    headers[.location] = "/files/\(accepted.fid)"
    if accepted.isReplay { headers[.idempotencyReplayed] = "true" }
    return Response(status: .created, headers: headers)
  }

  private func begin(
    _ id: JobID, _ description: UploadDescription, _ work: (UploadWriters.Ticket) async throws -> Void
  ) async throws {
    try await uploads.begin(id, description)
    try await uploads.withWriter(of: id) { ticket in
      do { try await work(ticket) } catch {
        // The client does not know its name, so nobody could go on with it.
        try? await uploads.discard(id)
        throw error
      }
    }
  }

  // MARK: - Bytes

  /// Takes the request's body in. When this returns, all of it counts.
  ///
  /// - Throws: where the body broke off what came counts nevertheless, unless it had a checksum.
  private func receive(
    _ request: Request, _ state: TusUpload, _ limit: Int64, _ checksum: TusChecksum?, _ grant: QuotaGrant,
    _ ticket: UploadWriters.Ticket
  ) async throws {
    let open = try await uploads.open(ticket.id, at: state.offset, checksum)
    let pouring = Task { await pour(request.body, into: open, limit, state, grant, ticket) }
    uploads.set(interrupt: { pouring.cancel() }, for: ticket)
    let problem = await withTaskCancellationHandler {
      await pouring.value
    } onCancel: {
      pouring.cancel()
    }
    let mayStay = open.hasChecksum ? problem == nil && open.isAsAnnounced : !(problem is TusRefusal)
    let (offset, hash) = try await mayStay ? open.keep() : open.rewind()
    uploads.keep(hash, at: offset, of: ticket.id)
    if let problem { throw problem }
    if !mayStay { throw TusRefusal.checksumMismatch }
    try await grant.confirm()
  }

  /// Hands the body on in portions that are worth a call to the disk.
  ///
  /// - Returns: what ended it early.
  private func pour(
    _ body: RequestBody, into open: OpenUpload, _ limit: Int64, _ state: TusUpload, _ grant: QuotaGrant,
    _ ticket: UploadWriters.Ticket
  ) async -> (any Error)? {
    var pending = BodyPortion()
    var room = limit
    var problem: (any Error)?
    do {
      for try await chunk in body {
        uploads.hear(ticket)
        room -= Int64(chunk.readableBytes)
        guard room >= 0 else { return state.tooLong(maximum: intake.limits.maximumBytes) }
        try grant.count(state.offset + limit - room)
        pending.add(chunk)
        if pending.isWorthACall { try await open.append(pending.take()) }
      }
      // A body that is taken away from its reader looks like any other end.
      if Task.isCancelled { problem = HTTPFailure(.conflict, "another request took over this upload") }
    } catch let error as SpoolError { return error } catch let error as HTTPFailure { problem = error } catch {
      problem = HTTPFailure(brokenBody: error)
    }
    do { try await open.append(pending.take()) } catch { return error }
    return problem
  }
}
