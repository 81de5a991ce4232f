import AuthService
import Catalog
import DurableFiles
import Foundation
import HTTPTypes
import Hummingbird
import Keeper
import ServiceLifecycle
public import Spool
import WireFormats

/// `GET /jobs`, `GET|DELETE /jobs/{fid}`, `POST /jobs/{fid}/cancel|retry`: what became of what was sent.
struct JobRoutes: Sendable {
  let door: Door
  let spool: Spool
  let catalog: Catalog
  let news: JobNews

  private static let pageSize = 100
  private static let largestPage = 1000
  /// Longer than a person waits, shorter than proxies do.
  private static let longestWait = 60

  func add(to router: Router<GatewayContext>) {
    router.get("jobs", use: list)
    router.get("jobs/:fid", use: show)
    router.delete("jobs/:fid", use: delete)
    router.post("jobs/:fid/cancel", use: cancel)
    router.post("jobs/:fid/retry", use: retry)
  }

  private func list(_ request: Request, _ context: GatewayContext) async throws -> Response {
    let caller = try await door.admit(request, context, to: .download)
    let query = request.uri.queryParameters
    let filter = JobFilter(
      state: try request.state(JobState.self), owner: caller.owner(wantedBy: request),
      text: query["text"].map(String.init))
    let limit = try request.number("limit", 1...Self.largestPage) ?? Self.pageSize
    // Before the jobs are read: what happens meanwhile is told again rather than not at all.
    let event = try await news.newestEvent()
    // One more than wanted tells whether there is another page.
    let found = try await catalog.jobs(filter, limit: limit + 1, after: try await cursor(query["before"]))
    let page = Array(found.prefix(limit))
    let next = found.count > limit ? page.last.map { "\(JobCursor(after: $0))" } : nil
    return .json(JobPage(jobs: await spool.views(of: page), next: next, event: event))
  }

  /// With `?wait=` the answer comes when the job is in another state or attempt, has ended, or so many seconds are over.
  private func show(_ request: Request, _ context: GatewayContext) async throws -> Response {
    let wait = try request.number("wait", 0...Self.longestWait) ?? 0
    let record = try await job(request, context, to: .download)
    guard wait > 0, !record.hasEnded else { return .json(await spool.views(of: [record])[0]) }
    // A client that has gone is not waited for.
    let changed = try await request.body.consumeWithCancellationOnInboundClose { [news] _ in
      try await Self.change(of: record, in: news, within: .seconds(wait)) {
        try await job(request, context, to: .download)
      }
    }
    var response = Response.json(await spool.views(of: [changed])[0])
    // To watch for the client's end is to read its connection, and Hummingbird's watch ends the reading when it ends: no other
    // request is heard on it, and a client that was not told would send one (RFC 9112 §9.6).
    response.headers[.connection] = "close"
    return response
  }

  private static func change(
    of record: JobRecord, in news: JobNews, within time: Duration, _ look: () async throws -> JobRecord
  ) async throws -> JobRecord {
    let bulletins = news.listen(until: .now + time)
    // It may have changed before anybody listened.
    var latest = try await look()
    guard latest.isLike(record) else { return latest }
    for await bulletin in bulletins.cancelOnGracefulShutdown() where bulletin.id == record.id {
      guard bulletin.number != nil else { continue }
      latest = try await look()
      if !latest.isLike(record) { break }
    }
    return latest
  }

  private func delete(_ request: Request, _ context: GatewayContext) async throws -> Response {
    let record = try await job(request, context, to: .change)
    switch record.state {
    case .waiting, .active:
      context.visitor.note(.cancel)
      try await cancel(record.id)
    case .done, .failed:
      guard try await Cleaning(spool: spool, catalog: catalog).remove(record) else {
        throw HTTPFailure(.conflict, "the job has been tried again")
      }
    }
    return Response(status: .noContent)
  }

  /// For those who mean to end a job, and not to remove what came of one that has ended since they looked.
  private func cancel(_ request: Request, _ context: GatewayContext) async throws -> Response {
    try await cancel(try await job(request, context, to: .change).id)
    return Response(status: .noContent)
  }

  private func cancel(_ id: JobID) async throws {
    let wasCancelled = try await BlockingThreads.run { [spool] () throws(SpoolError) in
      try spool.cancel(id, because: .cancelled)
    }
    guard wasCancelled else { throw HTTPFailure(.conflict, "the job has ended already") }
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
    return try await catalog.job(in: context, for: caller)
  }

  /// What `next` said, or the fid of a job.
  private func cursor(_ text: Substring?) async throws -> JobCursor? {
    guard let text else { return nil }
    if let cursor = JobCursor(String(text)) { return cursor }
    // One guard for both would be shorter, but Swift 6.3.1's optimizer crashes on it.
    let unknown = HTTPFailure(
      .badRequest, "before must be what an earlier page gave as next, or the fid of a job")
    guard let id = JobID(String(text)) else { throw unknown }
    guard let job = try await catalog.job(id) else { throw unknown }
    return JobCursor(after: job)
  }
}

/// A page of a list, newest first.
private struct JobPage: Encodable {
  let jobs: [JobView]
  /// What `before` must be for the next page; there is none where this is the last.
  let next: String?
  /// What was the newest event before the page was read: who goes on with `GET /events` from there misses nothing.
  let event: Int64
}

extension JobRecord {
  fileprivate var hasEnded: Bool { state.hasEnded }

  fileprivate func isLike(_ other: JobRecord) -> Bool { (state, attempt) == (other.state, other.attempt) }
}

extension Catalog {
  /// The job in the request's path, if the caller may see it; others' jobs do not exist for them.
  func job(in context: GatewayContext, for caller: Caller) async throws -> JobRecord {
    // One guard for all three would be shorter, but Swift 6.3.1's optimizer crashes on it.
    let unknown = HTTPFailure(.notFound, "there is no such job")
    guard let id = JobID(context.parameters.get("fid") ?? "") else { throw unknown }
    guard let record = try await job(id), caller.maySee(record) else { throw unknown }
    return record
  }
}

extension Spool {
  /// Jobs as clients see them, with how far their conversions are.
  func views(of records: [JobRecord]) async -> [JobView] {
    await BlockingThreads.run { [self] in records.map { JobView($0, progress: progress(of: $0)) } }
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
  let result: ResultView?
  let error: JobFailure?
  /// The id of the request that the job came with, as logs and traces name it.
  let request: WireFormats.RequestID?

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
    result = record.result.map { ResultView($0) }
    error = record.failure
    request = record.request
  }
}
