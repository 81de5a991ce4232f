public import Decoder
import DurableFiles
public import Logging
public import ServiceLifecycle
public import Spool

/// The worker: it claims waiting jobs, as many at a time as it has slots, and converts them.
///
/// On a local disk inotify wakes it, and a scan every 30 s; on a network file system it looks as `Poll` says.
/// At a graceful stop it claims no more and finishes what it has; when the time for that is over, it gives back what is
/// not finished.
public struct ConverterService: Service {
  private let spool: Spool
  private let conversion: Conversion
  private let limits: @Sendable () -> DecodeLimits
  private let slots: Int
  private let isLocal: Bool
  private let patchedFFmpeg: Set<String>
  private let version: String
  private let logger: Logger

  private static let beatInterval = Duration.seconds(5)
  private static let rescanInterval = Duration.seconds(30)
  private static let restartPause = Duration.seconds(1)

  /// - Parameters:
  ///   - limits: what a file may take whose conversion begins now.
  ///   - slots: how many files are converted at the same time.
  ///   - isLocal: the spool is on a file system that only this host mounts.
  ///   - patchedFFmpeg: versions of FFmpeg that are taken for patched.
  ///   - version: of mp3spool, for whoever lists the hosts.
  public init(
    spool: Spool, conversion: Conversion, limits: @escaping @Sendable () -> DecodeLimits, slots: Int, isLocal: Bool,
    patchedFFmpeg: Set<String>, version: String, logger: Logger
  ) {
    self.spool = spool
    self.conversion = conversion
    self.limits = limits
    self.slots = slots
    self.isLocal = isLocal
    self.patchedFFmpeg = patchedFFmpeg
    self.version = version
    self.logger = logger
    // What it counts is there, at 0, before it is asked for.
    _ = ConversionMetrics()
  }

  public func run() async throws {
    tellOfSafety()
    // An incarnation that was declared dead while it lived, as after a long pause, stops its work and becomes another.
    while !Task.isShuttingDownGracefully && !Task.isCancelled {
      do { try await live(Incarnation.here()) } catch let error as SpoolError where error.isTemporary {
        // A bad moment of a disk or file server must not end what else this process does, such as taking uploads.
        logger.error("the converter begins anew", metadata: ["error": "\(error)"])
        try? await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.restartPause) }
      }
    }
  }

  /// What stands between a hostile file and this host.
  private func tellOfSafety() {
    let jail = conversion.jail
    logger.log(level: jail.lacking.isEmpty ? .info : .warning, "the decoder's jail", metadata: ["layers": "\(jail)"])
    let standing = FFmpegVersion.loaded.standing(patched: patchedFFmpeg)
    let isOutdated = if case .outdated = standing { true } else { false }
    logger.log(level: isOutdated ? .warning : .info, "\(FFmpegVersion.loaded.sentence(patched: patchedFFmpeg))")
    ConversionMetrics.tell(ffmpeg: FFmpegVersion.loaded, isOutdated: isOutdated, lacking: jail.lacking.count)
  }

  /// One incarnation, from its registration to its end.
  private func live(_ own: Incarnation) async throws {
    let lease = try await BlockingThreads.run { [spool, version] () throws(SpoolError) in
      try spool.register(own, .current(version: version))
    }
    let watch = try DirectoryWatch([spool.layout.incoming])
    let threads = BlockingThreads(count: slots)
    let bench = Workbench(slots: slots)
    // Jobs of a former life of this host come first: nobody else knows so soon that they are orphans.
    var rounds = HostRounds(spool: spool, own: own, isLocal: isLocal, bench: bench, logger: logger)
    await rounds.make()
    let loop = ClaimLoop(
      spool: spool, conversion: conversion, limits: limits, owner: own, threads: threads, bench: bench, logger: logger)
    await withGracefulShutdownHandler {
      await race(
        [
          { for await _ in watch.events { bench.wake() } },
          { if isLocal { await tick(bench) } else { await poll(bench) } },
          { await beat(lease, bench) },
          { [rounds] in await rounds.run() },
        ], against: { await loop.run() })
    } onGracefulShutdown: {
      bench.close()
    }
    try await BlockingThreads.run { [spool] () throws(SpoolError) in try spool.retire(own) }
  }

  /// Runs all until the main one or the lease ends; the others are cancelled.
  private func race(
    _ others: [@Sendable () async -> Void], against main: @escaping @Sendable () async -> Void
  ) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await main() }
      for other in others { group.addTask { await other() } }
      await group.next()
      group.cancelAll()
    }
  }

  private func tick(_ bench: Workbench) async {
    while !Task.isCancelled {
      try? await Task.sleep(for: Self.rescanInterval)
      bench.wake()
    }
  }

  /// Looks for new jobs where nobody tells of them.
  private func poll(_ bench: Workbench) async {
    var poll = Poll()
    while !Task.isCancelled {
      do {
        let times = try await BlockingThreads.run { [spool] () throws(SpoolError) in try spool.times(of: .waiting) }
        if poll.mustList(times, at: .now) { bench.wake() }
      } catch { logger.warning("the spool cannot be looked at", metadata: ["error": "\(error)"]) }
      try? await Task.sleep(for: poll.pause())
    }
  }

  /// Beats until the lease is lost. A beat that fails, as when the server of the spool is away, is tried again: only the
  /// spool knows who was declared dead, so a long silence alone ends no work.
  private func beat(_ lease: Lease, _ bench: Workbench) async {
    var lease = lease
    while !Task.isCancelled {
      try? await Task.sleep(for: Self.beatInterval)
      do {
        let current = lease
        let renewed = try await BlockingThreads.run { [spool] () throws(SpoolError) in try spool.beat(current) }
        guard let renewed else {
          logger.error("this converter was declared dead; it stops its work and starts anew")
          return
        }
        lease = renewed
        bench.beaten()
      } catch { logger.warning("the lease could not be renewed", metadata: ["error": "\(error)"]) }
    }
  }
}
