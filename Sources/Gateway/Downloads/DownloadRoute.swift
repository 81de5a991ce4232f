import AuthService
import Catalog
import Foundation
import HTTPTypes
import Hummingbird
import Spool
import Tokens

/// `GET /download?fid=`: the MP3 of a job, whole or in part; with `&track=` that of one of its tracks. It takes a token,
/// or the `&expires=` and `&signature=` of a link that `POST /jobs/{fid}/link` made.
struct DownloadRoute: Sendable {
  let door: Door
  let audio: AudioAnswer
  let catalog: Catalog
  let links: LinkSigner

  /// How soon a client may ask again for a job that is not done, in seconds.
  private static let retryAfter = "2"

  func add(to router: Router<GatewayContext>) {
    router.get("download") { request, context in try await download(request, context) }
  }

  private func download(_ request: Request, _ context: GatewayContext) async throws -> Response {
    let query = request.uri.queryParameters
    let caller = query["signature"] == nil ? try await door.admit(request, context, to: .download) : nil
    guard let text = query["fid"], !text.isEmpty else { throw HTTPFailure(.badRequest, "file id required") }
    guard let id = JobID(String(text)) else { throw HTTPFailure.fileNotFound }
    if caller == nil { try checkLink(query, to: id) }
    guard let record = try await catalog.job(id), caller.map({ $0.maySee(record) }) ?? true else {
      throw try await catalog.isExpired(id) ? HTTPFailure(.gone, "the file has expired") : HTTPFailure.fileNotFound
    }
    let result = try Self.result(of: record).ofTrack(query["track"])
    return try await audio.response(to: request, with: result, of: record)
  }

  private func checkLink(_ query: Parameters, to id: JobID) throws {
    guard let expiry = query["expires"].flatMap({ Int64($0) }),
      links.accepts(query["signature"].map(String.init) ?? "", of: id, expiry: expiry)
    else { throw HTTPFailure(.forbidden, "not authorized: the link is not one of ours, or it has expired") }
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
}

extension Caller {
  /// People see their own jobs; admins see all.
  func maySee(_ record: JobRecord) -> Bool { isAdmin || record.owner == username }
}

extension JobResult {
  /// The MP3 of the track that a request's `?track=` asks for, else the first one.
  func ofTrack(_ text: Substring?) throws -> JobResult {
    guard let text, !text.isEmpty else { return self }
    guard let track = all.first(where: { String($0.track) == text }) else {
      let tracks = all.map { String($0.track) }.joined(separator: ", ")
      throw HTTPFailure(.notFound, "there is no MP3 of the track '\(text)'; there is one of \(tracks)")
    }
    return track
  }
}
