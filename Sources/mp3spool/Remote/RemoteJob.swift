import Foundation
import NIOCore
import NIOHTTP1
import Spool
import WireFormats

/// A job as `GET /jobs/FID` tells it.
struct RemoteJob: Decodable {
  let fid: JobID
  let state: JobState
  let name: String
  let owner: String
  let size: Int64
  let options: ConversionOptions
  let origin: JobOrigin
  let attempt: Int
  let submitted: Date
  let finished: Date?
  let host: String?
  let progress: JobProgress?
  let exported: String?
  let result: JobResult?
  let error: JobFailure?

  /// The same as a record of an index; where its directory is, only the server knows.
  var record: JobRecord {
    JobRecord(
      id: fid, state: state, attempt: attempt, owner: owner, name: name, size: size, options: options, origin: origin,
      submittedAt: submitted, host: host, finishedAt: finished, directory: "", exportedName: exported, result: result,
      failure: error)
  }
}

extension RemoteServer {
  private struct Page: Decodable { let jobs: [RemoteJob] }

  /// Jobs, newest first.
  func jobs(_ state: JobState?, limit: Int) async throws -> Answer {
    try await granted(.GET, "/jobs?limit=\(limit)" + (state.map { "&state=\($0.rawValue)" } ?? ""))
  }

  func jobList(_ state: JobState?, limit: Int) async throws -> [RemoteJob] {
    try await jobs(state, limit: limit).json(Page.self).jobs
  }

  /// - Parameter wait: the answer comes when the job is in another state, or after so many seconds.
  func job(_ id: JobID, wait: Int = 0) async throws -> RemoteJob {
    try await granted(.GET, Self.path(of: id) + (wait > 0 ? "?wait=\(wait)" : "")).json()
  }

  func retry(_ id: JobID) async throws { _ = try await granted(.POST, Self.path(of: id) + "/retry") }

  func cancel(_ id: JobID) async throws { _ = try await granted(.POST, Self.path(of: id) + "/cancel") }

  private static func path(of id: JobID) -> String { "/jobs/\(id)" }
}
