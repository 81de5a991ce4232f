public import Catalog
import DurableFiles
import Foundation
public import Logging
public import ServiceLifecycle
public import Spool
import SystemPackage
public import Tokens
public import WireFormats

/// What one process does for the whole spool: it adopts dropped files, keeps the index, links finished MP3s for people
/// and clears away what is left over. It runs where the database is.
///
/// On a local disk inotify tells what happens; a scan every 30 s is the truth. On a network file system, where inotify
/// sees nothing of other hosts, it scans every one to two seconds.
public struct KeeperService: Service {
  private let spool: Spool
  private let indexer: Indexer
  private let signer: SidecarSigner
  private let dropOwner: String
  private let dropOptions: ConversionOptions
  private let logger: Logger
  private let isLocal: Bool

  private static let stagedLifetime = Duration.seconds(36 * 3600)

  /// - Parameters:
  ///   - dropOwner: who owns what is dropped into the folder.
  ///   - dropOptions: what is wanted of its conversion.
  public init(
    spool: Spool, catalog: Catalog, signer: SidecarSigner, dropOwner: String, dropOptions: ConversionOptions,
    isLocal: Bool, logger: Logger
  ) {
    self.spool = spool
    indexer = Indexer(spool: spool, catalog: catalog, logger: logger)
    self.signer = signer
    self.dropOwner = dropOwner
    self.dropOptions = dropOptions
    self.isLocal = isLocal
    self.logger = logger
  }

  public func run() async throws {
    var folder = DropFolder(
      spool: spool, signer: signer, owner: dropOwner, options: dropOptions,
      settleTime: isLocal ? .seconds(2) : .seconds(10), logger: logger)
    // The watch begins before the first scan, so that nothing falls between them.
    let watch = try DirectoryWatch(JobState.allCases.map { spool.layout[$0] })
    try await recover(folder)
    try await indexer.scan()
    try await folder.look()
    for await event in Self.merge(watch, with: ticks()).cancelOnGracefulShutdown() {
      do { try await handle(event, &folder) } catch {
        // The next scan tries again; until then uploads and conversions go on.
        logger.error("the spool could not be looked after", metadata: ["error": "\(error)"])
      }
    }
    watch.cancel()
  }

  private func recover(_ folder: DropFolder) async throws {
    let now = Duration.seconds(Date().timeIntervalSince1970)
    let quarantined = try await BlockingThreads.run { [spool] () throws(SpoolError) in
      try spool.emptyTrash()
      try spool.discardStaged(olderThan: Self.stagedLifetime, now: now)
      return try spool.quarantineUnknown()
    }
    for name in quarantined { logger.warning("moved to corrupt/", metadata: ["name": "\(name)"]) }
    try await folder.recover()
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
        try await indexer.refresh(job, in: state)
      } else if directory == spool.layout.incoming, kind != .directoryMade {
        await folder.take(component)
      }
    case .look:
      if folder.isWaiting { try await folder.look() }
    case .seen(.overflow), .scan:
      try await indexer.scan()
      // What could not be made a job when it was adopted, as on a full disk, is tried again.
      try await folder.recover()
      try await folder.look()
    }
  }

  private func ticks() -> AsyncStream<Event> {
    let (looksPerScan, isLocal) = (60, isLocal)
    return AsyncStream { continuation in
      let task = Task {
        var count = 0
        while !Task.isCancelled {
          // Local: a look each half second, a scan each 30 s. Remote: a scan each 1 to 2 s, spread over the hosts.
          try? await Task.sleep(for: isLocal ? .milliseconds(500) : .milliseconds(Int.random(in: 1000...2000)))
          count += 1
          continuation.yield(!isLocal || count % looksPerScan == 0 ? .scan : .look)
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
