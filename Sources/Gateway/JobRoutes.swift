import AuthService
import Catalog
import DurableFiles
import Foundation
import HTTPTypes
import Hummingbird
import Keeper
public import Spool
import WireFormats

/// `GET /jobs`, `GET|DELETE /jobs/{fid}`, `POST /jobs/{fid}/retry`: what became of what was sent.
struct JobRoutes: Sendable {
  let door: Door
  let spool: Spool
  let catalog: Catalog

  private static let pageSize = 100
  private static let largestPage = 1000

  func add(to router: Router<GatewayContext>) {
    router.get("jobs", use: list)
    router.get("jobs/:fid", use: show)
    router.delete("jobs/:fid", use: delete)
    router.post("jobs/:fid/retry", use: retry)
  }

  private func list(_ request: Request, _ context: GatewayContext) async throws -> Response {
    let caller = try await door.admit(request, context, to: .download)
    let query = request.uri.queryParameters
    let records = try await catalog.jobs(
      state: try state(query["state"]), owner: caller.isAdmin ? nil : caller.username,
      limit: try limit(query["limit"]), before: try cursor(query["before"]))
    return .json(["jobs": await views(records)])
  }

  private func show(_ request: Request, _ context: GatewayContext) async throws -> Response {
    .json(await views([try await job(request, context, to: .download)])[0])
  }

  private func views(_ records: [JobRecord]) async -> [JobView] {
    await BlockingThreads.run { [spool] in records.map { JobView($0, progress: spool.progress(of: $0)) } }
  }

  private func delete(_ request: Request, _ context: GatewayContext) async throws -> Response {
    let record = try await job(request, context, to: .change)
    switch record.state {
    case .waiting, .active: try await cancel(record.id)
    case .done, .failed: try await Cleaning(spool: spool, catalog: catalog).remove(record)
    }
    return Response(status: .noContent)
  }

  private func cancel(_ id: JobID) async throws {
    let wasCancelled = try await BlockingThreads.run { [spool] () throws(SpoolError) in
      try spool.cancel(id, because: .cancelled)
    }
    guard wasCancelled else { throw HTTPFailure(.conflict, "the job ended at this moment") }
  }

  private func retry(_ request: Request, _ context: GatewayContext) async throws -> Response {
    let record = try await job(request, context, to: .change)
    let wasFailed = try await BlockingThreads.run { [spool] () throws(SpoolError) in try spool.retry(record.id) }
    guard wasFailed else { throw HTTPFailure(.conflict, "only a failed job can be tried again") }
    return Response(status: .accepted, headers: [.location: "/jobs/\(record.id)"])
  }

  /// The job in the request's path, if the caller may see it; others' jobs do not exist for them.
  private func job(
    _ request: Request, _ context: GatewayContext, to need: Need
  ) async throws -> JobRecord {
    let caller = try await door.admit(request, context, to: need)
    // One guard for all three would be shorter, but Swift 6.3.1's optimizer crashes on it.
    let unknown = HTTPFailure(.notFound, "there is no such job")
    guard let id = JobID(context.parameters.get("fid") ?? "") else { throw unknown }
    guard let record = try await catalog.job(id), caller.maySee(record) else { throw unknown }
    return record
  }

  private func state(_ text: Substring?) throws -> JobState? {
    guard let text else { return nil }
    guard let state = JobState(rawValue: String(text)) else {
      let names = JobState.allCases.map(\.rawValue).joined(separator: ", ")
      throw HTTPFailure(.badRequest, "there is no state '\(text)'; the states are \(names)")
    }
    return state
  }

  private func limit(_ text: Substring?) throws -> Int {
    guard let text else { return Self.pageSize }
    guard let limit = Int(text), (1...Self.largestPage).contains(limit) else {
      throw HTTPFailure(.badRequest, "limit must be a number from 1 to \(Self.largestPage)")
    }
    return limit
  }

  private func cursor(_ text: Substring?) throws -> JobID? {
    guard let text else { return nil }
    guard let id = JobID(String(text)) else { throw HTTPFailure(.badRequest, "before must be a job's fid") }
    return id
  }
}

/// A job as clients see it; times are ISO 8601, sizes are bytes, durations are seconds.
public struct JobView: Encodable, Sendable {
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
  /// While it is being converted, once its converter has said so.
  let progress: JobProgress?
  let download: String?
  let exported: String?
  let result: JobResult?
  let error: JobFailure?

  public init(_ record: JobRecord, progress: JobProgress?) {
    fid = record.id
    state = record.state
    name = record.name
    owner = record.owner
    size = record.size
    options = record.options
    origin = record.origin
    attempt = record.attempt
    submitted = record.submittedAt
    finished = record.finishedAt
    host = record.host
    self.progress = progress
    download = record.state == .done ? "/download?fid=\(record.id)" : nil
    exported = record.exportedName
    result = record.result
    error = record.failure
  }
}
