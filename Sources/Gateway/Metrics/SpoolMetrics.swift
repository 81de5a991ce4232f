import Catalog
import DurableFiles
import Foundation
import Metrics
import Spool

/// What the metrics say of the spool as a whole; names by Prometheus' conventions. It is measured when somebody asks, and
/// not more often than every few seconds, since everybody may ask.
struct SpoolMetrics: Sendable {
  private let jobs: SharedLook<Void>
  private let spool: SharedLook<Void>

  private static let pause = Duration.seconds(2)

  private let isReachable = Gauge(label: "mp3spool_spool_reachable")

  init(spool: Spool, catalog: Catalog) {
    let (jobGauges, spoolGauges) = (JobGauges(), SpoolGauges())
    jobs = SharedLook(freshness: Self.pause) { try await jobGauges.measure(catalog) }
    self.spool = SharedLook(freshness: Self.pause) { try await spoolGauges.measure(spool) }
    TrafficMetrics.begin()
  }

  /// Brings the gauges up to date. What cannot be had now keeps its value, and `mp3spool_spool_reachable` is 0.
  func measure() async {
    async let jobs: Void = jobs.value()
    async let spool: Void = spool.value()
    do {
      _ = try await (jobs, spool)
      isReachable.record(1)
    } catch { isReachable.record(0) }
  }
}

private struct JobGauges: Sendable {
  private let oldest = Gauge(label: "mp3spool_oldest_waiting_job_age_seconds")

  func measure(_ catalog: Catalog) async throws {
    for (state, count) in try await catalog.jobCounts() {
      Gauge(label: "mp3spool_jobs", dimensions: [("state", state.rawValue)]).record(count)
    }
    let since = try await catalog.oldestWaiting()
    oldest.record(since.map { max(0, Date.now.timeIntervalSince($0)) } ?? 0)
  }
}

private struct SpoolGauges: Sendable {
  private let freeBytes = Gauge(label: "mp3spool_spool_free_bytes")
  private let freeInodes = Gauge(label: "mp3spool_spool_free_inodes")

  func measure(_ spool: Spool) async throws {
    let free = try await LookThreads.run { try Files.freeSpace(at: spool.layout.root) }
    freeBytes.record(free.bytes)
    freeInodes.record(free.inodes)
    // Second: on a full disk the hosts cannot be looked at, since the server's clock is read by making a file.
    let hosts = try await LookThreads.run { try HostView.all(in: spool) }
    for state in HostView.State.allCases {
      let count = hosts.count { $0.state == state }
      Gauge(label: "mp3spool_hosts", dimensions: [("state", state.rawValue)]).record(count)
    }
  }
}
