import AuthService
import Catalog
import HTTPTypes
import Hummingbird
import Spool

/// `GET /jobs/{fid}/waveform`, `GET /jobs/{fid}/cover`: what shows an MP3 to people.
///
/// A job that is done never changes, and only a failed one can be tried again: so clients may keep what they got, each
/// holder of a token for himself.
struct PictureRoutes: Sendable {
  let door: Door
  let audio: AudioAnswer
  let catalog: Catalog

  /// Pictures that browsers show, and that cannot do anything: SVG, say, is a program.
  private static let pictureTypes: Set = ["image/jpeg", "image/png", "image/gif", "image/webp"]

  private struct Waveform: Encodable {
    /// In seconds.
    let duration: Double
    /// The highest sample in each equal part of that time, 255 for full scale.
    let peaks: [UInt8]
  }

  func add(to router: Router<GatewayContext>) {
    router.get("jobs/:fid/waveform") { request, context in
      let (result, _) = try await result(request, context)
      guard let peaks = result.peaks, !peaks.isEmpty else {
        throw HTTPFailure(
          .notFound, "there is no waveform of this MP3, since its frames were copied or it was made long ago")
      }
      let headers = Self.headers(for: result)
      if request.knows(result.etag) { return Response(status: .notModified, headers: headers) }
      return .json(Waveform(duration: result.duration, peaks: peaks), headers: headers)
    }
    router.get("jobs/:fid/cover") { request, context in try await cover(request, context) }
  }

  private func cover(_ request: Request, _ context: GatewayContext) async throws -> Response {
    let (result, record) = try await result(request, context)
    guard let cover = result.cover, cover.lies(in: result.byteCount), Self.pictureTypes.contains(cover.type) else {
      throw HTTPFailure(.notFound, "this MP3 has no cover")
    }
    var headers = Self.headers(for: result)
    // The bytes are a stranger's.
    headers[.contentTypeOptions] = "nosniff"
    headers[.contentSecurityPolicy] = "default-src 'none'"
    if request.knows(result.etag) { return Response(status: .notModified, headers: headers) }
    let picture = FileParts(cover.offset..<cover.offset + cover.length, type: cover.type)
    headers[.contentType] = picture.contentType
    let body = try await audio.body(picture, of: audio.spool.layout.audio(result, of: record))
    return Response(status: .ok, headers: headers, body: body)
  }

  /// The MP3 that is asked for.
  private func result(_ request: Request, _ context: GatewayContext) async throws -> (JobResult, JobRecord) {
    let caller = try await door.admit(request, context, to: .download)
    let record = try await catalog.job(in: context, for: caller)
    guard record.state == .done, let result = record.result else {
      throw HTTPFailure(.notFound, "the job has no MP3: it is \(record.state.rawValue)")
    }
    return (try result.ofTrack(request.uri.queryParameters["track"]), record)
  }

  private static func headers(for result: JobResult) -> HTTPFields {
    [.eTag: result.etag, .cacheControl: "private, max-age=31536000, immutable", .vary: "authorization"]
  }
}

extension JobResult {
  /// What is made of the MP3 and of nothing else is the same where the MP3 is.
  fileprivate var etag: String { "\"\(sha256)\"" }
}

extension ResultCover {
  /// Is it within an MP3 of so many bytes? A damaged record may say anything.
  fileprivate func lies(in byteCount: Int64) -> Bool {
    offset >= 0 && offset < byteCount && length > 0 && length <= byteCount - offset
  }
}
