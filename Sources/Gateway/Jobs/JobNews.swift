public import Catalog
import DurableFiles
public import Logging
public import ServiceLifecycle
public import Spool
import Synchronization

/// Tells listeners what happens to jobs, as soon as the index knows of it.
///
///     index: job_events ──┐
///                         ├─► look, each 200 ms ─► bulletins ─► listeners
///     spool: progress ────┘
///
/// The index is asked, and does not tell by itself: other processes of this host write to it as well.
public final class JobNews: Service {
  private struct State {
    var listeners: [Int: AsyncStream<JobBulletin>.Continuation] = [:]
    var next = 0
  }

  private let spool: Spool
  private let catalog: Catalog
  private let logger: Logger
  private let state = Mutex(State())

  private static let pause = Duration.milliseconds(200)
  /// Looks at the index for each look at the progress of the jobs that are being converted.
  private static let looksPerProgress = 5
  /// So much may a listener be behind. One that is further behind is let go: it comes again and says what it has seen.
  static let backlog = 1000

  public init(spool: Spool, catalog: Catalog, logger: Logger) {
    (self.spool, self.catalog, self.logger) = (spool, catalog, logger)
  }

  public func run() async throws {
    var (newest, looks) = (Int64?.none, 0)
    var progress: [JobID: JobProgress] = [:]
    while !Task.isCancelled, !Task.isShuttingDownGracefully {
      do {
        newest = try await tell(after: newest)
        if looks.isMultiple(of: Self.looksPerProgress), isHeard { try await tellProgress(unlike: &progress) }
      } catch { logger.warning("listeners could not be told", metadata: ["error": "\(error)"]) }
      looks += 1
      try? await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.pause) }
    }
    for listener in state.withLock({ $0.listeners.values }) { listener.finish() }
  }

  /// All bulletins from now on, until `deadline` if there is one; it ends early for a listener that is far behind, and
  /// when the service ends.
  func listen(until deadline: ContinuousClock.Instant? = nil) -> AsyncStream<JobBulletin> {
    let (stream, continuation) = AsyncStream.makeStream(
      of: JobBulletin.self, bufferingPolicy: .bufferingOldest(Self.backlog))
    let number = state.withLock { state in
      state.next += 1
      state.listeners[state.next] = continuation
      return state.next
    }
    let timer = deadline.map { deadline in
      Task {
        try? await Task.sleep(until: deadline)
        continuation.finish()
      }
    }
    continuation.onTermination = { [weak self] _ in
      timer?.cancel()
      self?.state.withLock { $0.listeners[number] = nil }
    }
    return stream
  }

  /// To be asked by those who listen already, or will say it when they listen: what happens after it they are told.
  func newestEvent() async throws -> Int64 { try await catalog.newestEvent() }

  /// What happened after that event; nil where it is too long ago to say.
  func bulletins(after number: Int64) async throws -> [JobBulletin]? {
    guard let events = try await catalog.events(after: number, limit: Self.backlog) else { return nil }
    return try await bulletins(of: events)
  }

  // MARK: -

  private var isHeard: Bool { state.withLock { !$0.listeners.isEmpty } }

  /// - Returns: the number of the newest event that was told, or that nobody had to be told.
  private func tell(after told: Int64?) async throws -> Int64 {
    let newest = try await catalog.newestEvent()
    // Whoever comes from here on asks for the newest event after this, and so misses none; see `EventRoute`.
    guard let told, isHeard else { return newest }
    guard newest > told, let events = try await catalog.events(after: told) else { return newest }
    for bulletin in try await bulletins(of: events) { tell(bulletin) }
    return events.last?.number ?? told
  }

  private func tellProgress(unlike known: inout [JobID: JobProgress]) async throws {
    let records = try await catalog.jobs(JobFilter(state: .active), limit: Self.backlog)
    let views = await spool.views(of: records)
    for view in views where view.progress != nil && view.progress != known[view.fid] { tell(.progress(view)) }
    known = Dictionary(uniqueKeysWithValues: views.compactMap { view in view.progress.map { (view.fid, $0) } })
  }

  private func tell(_ bulletin: JobBulletin) {
    let listeners = state.withLock { Array($0.listeners.values) }
    for listener in listeners {
      if case .dropped = listener.yield(bulletin) { listener.finish() }
    }
  }

  /// Of several events of a job only the last counts: its record says how it is now.
  private func bulletins(of events: [JobEvent]) async throws -> [JobBulletin] {
    let latest = Dictionary(events.map { ($0.id, $0) }) { _, later in later }
    let records = try await catalog.jobs(latest.values.filter { $0.state != nil }.map(\.id))
    let views = Dictionary(uniqueKeysWithValues: await spool.views(of: records).map { ($0.fid, $0) })
    return latest.values.sorted { $0.number < $1.number }.map { event in
      views[event.id].map { .changed(event.number, $0) } ?? .removed(event.number, event.id, owner: event.owner)
    }
  }
}

/// One piece of news of a job.
enum JobBulletin: Sendable {
  /// It is in another state, or there.
  case changed(Int64, JobView)
  case progress(JobView)
  case removed(Int64, JobID, owner: String)

  var id: JobID {
    switch self {
    case .changed(_, let view), .progress(let view): view.fid
    case .removed(_, let id, _): id
    }
  }

  var owner: String {
    switch self {
    case .changed(_, let view), .progress(let view): view.owner
    case .removed(_, _, let owner): owner
    }
  }

  /// nil where it is of no event, and so is not told again.
  var number: Int64? {
    switch self {
    case .changed(let number, _), .removed(let number, _, _): number
    case .progress: nil
    }
  }
}
