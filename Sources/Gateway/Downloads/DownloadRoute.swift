import AuthService
import Catalog
import HTTPTypes
import Hummingbird
import NIOCore
import Spool
import SystemPackage
import WireFormats

/// `GET /download?fid=`: the MP3 of a job, whole or in part; with `&track=` that of one of its tracks.
struct DownloadRoute: Sendable {
  let door: Door
  let spool: Spool
  let catalog: Catalog
  private let files = FileIO()

  /// How soon a client may ask again for a job that is not done, in seconds.
  private static let retryAfter = "2"

  init(door: Door, spool: Spool, catalog: Catalog) {
    (self.door, self.spool, self.catalog) = (door, spool, catalog)
  }

  func add(to router: Router<GatewayContext>) {
    router.get("download") { request, context in try await download(request, context) }
  }

  private func download(_ request: Request, _ context: GatewayContext) async throws -> Response {
    let caller = try await door.admit(request, context, to: .download)
    guard let text = request.uri.queryParameters["fid"], !text.isEmpty else {
      throw HTTPFailure(.badRequest, "file id required")
    }
    guard let id = JobID(String(text)) else { throw HTTPFailure.fileNotFound }
    guard let record = try await catalog.job(id), caller.maySee(record) else {
      throw try await catalog.isExpired(id) ? HTTPFailure(.gone, "the file has expired") : HTTPFailure.fileNotFound
    }
    let result = try Self.track(request.uri.queryParameters["track"], of: try Self.result(of: record))
    return try await answer(request, with: result, of: record, context)
  }

  /// The MP3 of the track that was asked for, else the first one.
  private static func track(_ text: Substring?, of result: JobResult) throws -> JobResult {
    guard let text, !text.isEmpty else { return result }
    guard let track = result.all.first(where: { String($0.track) == text }) else {
      let tracks = result.all.map { String($0.track) }.joined(separator: ", ")
      throw HTTPFailure(.notFound, "there is no MP3 of the track '\(text)'; there is one of \(tracks)")
    }
    return track
  }

  private static func result(of record: JobRecord) throws -> JobResult {
    switch record.state {
    case .waiting, .active:
      throw HTTPFailure(.conflict, "the file is not converted yet", headers: [.retryAfter: retryAfter])
    case .failed:
      throw HTTPFailure(.gone, "the conversion failed: \(record.failure?.sentence ?? "for an unknown reason")")
    case .done:
      guard let result = record.result else { throw HTTPFailure.fileNotFound }
      return result
    }
  }

  private func answer(
    _ request: Request, with result: JobResult, of record: JobRecord, _ context: GatewayContext
  ) async throws -> Response {
    let etag = "\"\(result.sha256)\""
    var headers: HTTPFields = [
      .contentType: "audio/mpeg",
      .contentDisposition: ContentDisposition.attachment(fileName: record.mp3Name(for: result)),
      .eTag: etag,
      .acceptRanges: "bytes",
      .cacheControl: "private, no-cache",
      .contentTypeOptions: "nosniff",
    ]
    if request.headers[.ifNoneMatch] == etag { return Response(status: .notModified, headers: headers) }
    let path = spool.layout.audio(result, of: record)
    switch range(request, etag, result.byteCount) {
    case .ranges(let ranges) where ranges.count == 1:
      let range = ranges[0]
      headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(result.byteCount)"
      let body = try await files.loadFile(
        path: path.string, range: Int(range.lowerBound)...Int(range.upperBound - 1), context: context)
      return Response(status: .partialContent, headers: headers, body: body)
    case .ranges(let ranges):
      let parts = MultipleRanges(ranges, of: result.byteCount, type: "audio/mpeg")
      headers[.contentType] = parts.contentType
      return Response(status: .partialContent, headers: headers, body: try await parts.body(of: path))
    case .unsatisfiable:
      headers[.contentRange] = "bytes */\(result.byteCount)"
      return .text("this part of the file does not exist", status: .rangeNotSatisfiable, headers: headers)
    case .whole:
      return Response(
        status: .ok, headers: headers, body: try await files.loadFile(path: path.string, context: context))
    }
  }

  /// A range counts only where the client's `If-Range`, if any, is the very same file (RFC 9110 §13.1.5).
  private func range(_ request: Request, _ etag: String, _ size: Int64) -> RangeRequest {
    if let condition = request.headers[.ifRange], condition != etag { return .whole }
    return RangeRequest.parse(header: request.headers[.range], size: size)
  }
}

extension HTTPFailure {
  static let fileNotFound = HTTPFailure(.notFound, "file not found")
}

extension HTTPField.Name {
  static let contentTypeOptions = HTTPField.Name("X-Content-Type-Options")!
}

extension JobRecord {
  /// What to call one of the job's MP3s.
  fileprivate func mp3Name(for result: JobResult) -> String {
    options.track == .all
      ? FileName.mp3Name(for: name, track: result.track, language: result.language) : FileName.mp3Name(for: name)
  }
}

extension Caller {
  /// People see their own jobs; admins see all.
  func maySee(_ record: JobRecord) -> Bool { isAdmin || record.owner == username }
}
