public import Catalog
import DurableFiles
import Foundation
public import Logging
public import ServiceLifecycle
public import Spool
import SystemPackage

/// What one process does for the whole spool: it adopts dropped files, keeps the index, links finished MP3s for people
/// and clears away what is left over. It runs where the database is.
///
/// On a local disk inotify tells what happens. On a network file system, where inotify sees nothing of other hosts, it
/// looks which directories have changed, as `Poll` says. Either way a scan every 30 s is the truth.
public struct KeeperService: Service {
  private let spool: Spool
  private let catalog: Catalog
  private let fairShare: FairShare
  private let indexer: Indexer
  private let drops: @Sendable () -> DropRules
  private let logger: Logger
  private let isLocal: Bool
  private let chore: @Sendable () async throws -> Void
  private let sweepInterval: Duration

  /// - Parameters:
  ///   - fairShare: what gives all new jobs of this process their ids.
  ///   - drops: what becomes of a file that is dropped into the folder now.
  ///   - sweepInterval: how often what was left over is cleared away.
  ///   - chore: what else there is to do at the start and at each scan of everything.
  public init(
    spool: Spool, catalog: Catalog, fairShare: FairShare, drops: @escaping @Sendable () -> DropRules, isLocal: Bool,
    logger: Logger, sweepInterval: Duration = .seconds(3600),
    chore: @escaping @Sendable () async throws -> Void = {}
  ) {
    self.spool = spool
    self.catalog = catalog
    self.fairShare = fairShare
    indexer = Indexer(spool: spool, catalog: catalog, logger: logger)
    self.drops = drops
    self.isLocal = isLocal
    self.logger = logger
    self.sweepInterval = sweepInterval
    self.chore = chore
  }

  public func run() async throws {
    var folder = DropFolder(
      spool: spool, catalog: catalog, fairShare: fairShare, rules: drops,
      settleTime: isLocal ? .seconds(2) : .seconds(10), logger: logger)
    async let sweeping: Void = sweep()
    if isLocal { try await followEvents(&folder) } else { try await poll(&folder) }
    await sweeping
  }

  private func followEvents(_ folder: inout DropFolder) async throws {
    // The watch begins before the first scan, so that nothing falls between them.
    let watch = try DirectoryWatch(JobState.allCases.map { spool.layout[$0] })
    try await begin(&folder)
    for await event in Self.merge(watch, with: ticks()).cancelOnGracefulShutdown() {
      await enduring { () async throws in try await handle(event, &folder) }
    }
    watch.cancel()
  }

  private func poll(_ folder: inout DropFolder) async throws {
    try await begin(&folder)
    var rounds = PollRounds()
    while !Task.isShuttingDownGracefully && !Task.isCancelled {
      let begin = ContinuousClock.now
      await enduring { () async throws in try await look(&folder, &rounds) }
      let pause = rounds.pause(after: ContinuousClock.now - begin)
      try? await cancelWhenGracefulShutdown { try await Task.sleep(for: pause) }
    }
  }

  /// Begins as often as it takes: a bad moment of a disk or file server must not end what else this process does, such as
  /// taking uploads.
  private func begin(_ folder: inout DropFolder) async throws {
    while !Task.isShuttingDownGracefully && !Task.isCancelled {
      do {
        try await recover(folder)
        try await indexer.scan()
        try await chore()
        return try await folder.look()
      } catch {
        guard Self.isTemporary(error) else { throw error }
        logger.error("the spool could not be looked after", metadata: ["error": "\(error)"])
        try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(1)) }
      }
    }
  }

  private static func isTemporary(_ error: any Error) -> Bool {
    (error as? SpoolError)?.isTemporary ?? (error as? CatalogError)?.isTemporary ?? false
  }

  /// The next scan tries again what failed; until then uploads and conversions go on.
  private func enduring(_ work: () async throws -> Void) async {
    do { try await work() } catch {
      logger.error("the spool could not be looked after", metadata: ["error": "\(error)"])
    }
  }

  private func recover(_ folder: DropFolder) async throws {
    let quarantined = try await BlockingThreads.run { [self] () throws(SpoolError) in
      try spool.emptyTrash()
      try spool.discardLeftovers(refused: mind)
      return try spool.quarantineUnknown(refused: mind)
    }
    for name in quarantined { logger.warning("moved to corrupt/", metadata: ["name": "\(name)"]) }
    try await folder.recover()
  }

  /// Clears away now and then what those leave who are killed while this process goes on, or were just before its start.
  private func sweep() async {
    while !Task.isShuttingDownGracefully && !Task.isCancelled {
      guard (try? await cancelWhenGracefulShutdown({ try await Task.sleep(for: sweepInterval) })) != nil else { return }
      await enduring { () async throws in
        try await BlockingThreads.run { [self] () throws(SpoolError) in
          try spool.emptyTrash(after: sweepInterval)
          try spool.discardLeftovers(refused: mind)
        }
      }
    }
  }

  private func mind(_ error: SpoolError) {
    logger.warning("something stays where it does not belong", metadata: ["error": "\(error)"])
  }

  private enum Event: Sendable {
    case seen(DirectoryWatch.Event)
    /// Time for a look at files that may have settled.
    case look
    /// Time for a scan of everything.
    case scan
  }

  private func handle(_ event: Event, _ folder: inout DropFolder) async throws {
    switch event {
    case .seen(.changed(let directory, let name, let component, let kind)):
      if let job = JobName(name), let state = JobState.allCases.first(where: { spool.layout[$0] == directory }) {
        // Whoever is still making the job writes it into the index before saying that it is there. What happens to it from
        // then on is ours to see, also where its maker is not done yet.
        if state != .waiting || !fairShare.isGiven(job.id) { try await indexer.refresh(job, in: state) }
      } else if directory == spool.layout.incoming, kind != .directoryMade {
        await folder.take(component)
      }
    case .look:
      if folder.isWaiting { try await folder.look() }
    case .seen(.overflow), .scan: try await scanAll(&folder)
    }
  }

  private func scanAll(_ folder: inout DropFolder) async throws {
    try await indexer.scan()
    try await indexer.forgetEvents()
    // What could not be made a job when it was adopted, as on a full disk, is tried again.
    try await folder.recover()
    try await folder.look()
    try await chore()
  }

  private func look(_ folder: inout DropFolder, _ rounds: inout PollRounds) async throws {
    if rounds.mustScanAll(at: .now) { return try await scanAll(&folder) }
    var times: [JobState: DirectoryTimes] = [:]
    for state in JobState.allCases {
      times[state] = try await BlockingThreads.run { [spool] () throws(SpoolError) in try spool.times(of: state) }
    }
    let changed = rounds.mustList(times, at: .now)
    if !changed.isEmpty { try await indexer.scan(changed) }
    if changed.contains(.waiting) || folder.isWaiting { try await folder.look() }
  }

  /// A look each half second, a scan each 30 s.
  private func ticks() -> AsyncStream<Event> {
    let looksPerScan = 60
    return AsyncStream { continuation in
      let task = Task {
        var count = 0
        while !Task.isCancelled {
          try? await Task.sleep(for: .milliseconds(500))
          count += 1
          continuation.yield(count % looksPerScan == 0 ? .scan : .look)
        }
      }
      continuation.onTermination = { _ in task.cancel() }
    }
  }

  private static func merge(_ watch: DirectoryWatch, with ticks: AsyncStream<Event>) -> AsyncStream<Event> {
    AsyncStream { continuation in
      let task = Task {
        await withDiscardingTaskGroup { group in
          group.addTask { for await event in watch.events { continuation.yield(.seen(event)) } }
          group.addTask { for await tick in ticks { continuation.yield(tick) } }
        }
      }
      continuation.onTermination = { _ in task.cancel() }
    }
  }
}
