import Catalog
import DurableFiles
import Foundation
import Metrics
import Spool
import Synchronization

/// What the metrics say of the spool as a whole; names by Prometheus' conventions. It is measured when somebody asks, and
/// not more often than every few seconds, since everybody may ask.
final class SpoolMetrics: Sendable {
  private let spool: Spool
  private let catalog: Catalog
  private let measured = Mutex<ContinuousClock.Instant?>(nil)

  private static let pause = Duration.seconds(2)

  private let oldest = Gauge(label: "mp3spool_oldest_waiting_job_age_seconds")
  private let freeBytes = Gauge(label: "mp3spool_spool_free_bytes")
  private let freeInodes = Gauge(label: "mp3spool_spool_free_inodes")
  private let isReachable = Gauge(label: "mp3spool_spool_reachable")

  init(spool: Spool, catalog: Catalog) {
    self.spool = spool
    self.catalog = catalog
    TrafficMetrics.begin()
  }

  /// Brings the gauges up to date. What cannot be had now keeps its value, and `mp3spool_spool_reachable` is 0.
  func measure() async {
    let isDue = measured.withLock { last in
      let now = ContinuousClock.now
      guard last.map({ now - $0 >= Self.pause }) ?? true else { return false }
      last = now
      return true
    }
    guard isDue else { return }
    do {
      try await measureJobs()
      try await measureSpool()
      isReachable.record(1)
    } catch { isReachable.record(0) }
  }

  private func measureJobs() async throws {
    for (state, count) in try await catalog.jobCounts() {
      Gauge(label: "mp3spool_jobs", dimensions: [("state", state.rawValue)]).record(count)
    }
    let since = try await catalog.oldestWaiting()
    oldest.record(since.map { max(0, Date.now.timeIntervalSince($0)) } ?? 0)
  }

  private func measureSpool() async throws {
    let (free, hosts) = try await BlockingThreads.run { [spool] in
      (try Files.freeSpace(at: spool.layout.root), try HostView.all(in: spool))
    }
    freeBytes.record(free.bytes)
    freeInodes.record(free.inodes)
    for state in HostView.State.allCases {
      let count = hosts.count { $0.state == state }
      Gauge(label: "mp3spool_hosts", dimensions: [("state", state.rawValue)]).record(count)
    }
  }
}
