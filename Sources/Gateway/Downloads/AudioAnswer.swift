import AuthService
import DurableFiles
import HTTPTypes
import Hummingbird
import Spool
import SystemPackage
import WireFormats

/// Answers with one of a job's MP3s, whole or in part.
struct AudioAnswer: Sendable {
  let spool: Spool

  static let type = "audio/mpeg"

  func response(
    to request: Request, with result: JobResult, of record: JobRecord
  ) async throws -> Response {
    let etag = "\"\(result.sha256)\""
    var headers: HTTPFields = [
      .contentDisposition: ContentDisposition.attachment(fileName: record.mp3Name(for: result)),
      .eTag: etag,
      .acceptRanges: "bytes",
      .cacheControl: "private, no-cache",
      .contentTypeOptions: "nosniff",
    ]
    if request.knows(etag) { return Response(status: .notModified, headers: headers) }
    let status: HTTPResponse.Status
    let parts: FileParts
    switch range(request, etag, result.byteCount) {
    case .whole: (status, parts) = (.ok, FileParts(0..<result.byteCount, type: Self.type))
    case .ranges(let ranges) where ranges.count == 1:
      let range = ranges[0]
      headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(result.byteCount)"
      (status, parts) = (.partialContent, FileParts(range, type: Self.type))
    case .ranges(let ranges):
      (status, parts) = (.partialContent, FileParts(ranges, of: result.byteCount, type: Self.type))
    case .unsatisfiable:
      headers[.contentRange] = "bytes */\(result.byteCount)"
      return .text("this part of the file does not exist", status: .rangeNotSatisfiable, headers: headers)
    }
    headers[.contentType] = parts.contentType
    return Response(
      status: status, headers: headers, body: try await body(parts, of: spool.layout.audio(result, of: record)))
  }

  /// Whoever deleted the job, or took the MP3 away, meanwhile made it a file that is not there.
  func body(_ parts: FileParts, of path: FilePath) async throws -> ResponseBody {
    do { return try await parts.body(of: path) } catch let error as FileError
      where error.errno == .noSuchFileOrDirectory
    {
      throw HTTPFailure.fileNotFound
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
