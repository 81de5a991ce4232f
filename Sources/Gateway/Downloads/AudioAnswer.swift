import AuthService
import HTTPTypes
import Hummingbird
import Spool
import SystemPackage
import WireFormats

/// Answers with one of a job's MP3s, whole or in part.
struct AudioAnswer: Sendable {
  let spool: Spool
  private let files = FileIO()

  static let type = "audio/mpeg"

  init(spool: Spool) { self.spool = spool }

  func response(
    to request: Request, with result: JobResult, of record: JobRecord, _ context: GatewayContext
  ) async throws -> Response {
    let etag = "\"\(result.sha256)\""
    var headers: HTTPFields = [
      .contentType: Self.type,
      .contentDisposition: ContentDisposition.attachment(fileName: record.mp3Name(for: result)),
      .eTag: etag,
      .acceptRanges: "bytes",
      .cacheControl: "private, no-cache",
      .contentTypeOptions: "nosniff",
    ]
    if request.knows(etag) { return Response(status: .notModified, headers: headers) }
    let path = spool.layout.audio(result, of: record)
    switch range(request, etag, result.byteCount) {
    case .ranges(let ranges) where ranges.count == 1:
      let range = ranges[0]
      headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(result.byteCount)"
      let body = try await files.loadFile(
        path: path.string, range: Int(range.lowerBound)...Int(range.upperBound - 1), context: context)
      return Response(status: .partialContent, headers: headers, body: body)
    case .ranges(let ranges):
      let parts = MultipleRanges(ranges, of: result.byteCount, type: Self.type)
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
