import ArgumentParser
import Catalog
import Foundation
import Gateway
import Settings
import Spool
import TerminalText

struct TopCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "top", abstract: "Show hosts, what they convert, how fast, and what waits, until q or Ctrl-C.",
    discussion: "The rates are those of the last ten minutes. Where standard output is no terminal, all is said once.")

  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await command {
      let parts = Parts(settings: try await common.settings())
      let (spool, catalog) = (try parts.existingSpool(probing: false), try parts.existingCatalog())
      if common.json { return try Output.json(try await TopView(spool, catalog)) }
      try await LiveView.show { room in try await TopView(spool, catalog).lines(room) }
    }
  }
}

/// What `top` shows.
struct TopView: Encodable {
  struct Work: Encodable {
    let fid: JobID
    let name: String
    let owner: String
    let host: String?
    let progress: JobProgress?
  }

  let waiting: Int
  let active: Int
  let done: Int
  let failed: Int
  let rates: Rates
  let hosts: [HostView]
  let jobs: [Work]

  init(_ spool: Spool, _ catalog: Catalog) async throws {
    let counts = try await catalog.jobCounts()
    (waiting, active) = (counts[.waiting] ?? 0, counts[.active] ?? 0)
    (done, failed) = (counts[.done] ?? 0, counts[.failed] ?? 0)
    let ended = try await catalog.jobs(JobFilter(state: .done), limit: 1000)
    rates = Rates(
      ended.compactMap { job in job.finishedAt.map { ($0, job.result?.all.reduce(0) { $0 + $1.duration } ?? 0) } },
      now: Date())
    hosts = try HostView.all(in: spool)
    jobs = try await catalog.jobs(JobFilter(state: .active), limit: 100).map { job in
      Work(fid: job.id, name: job.name, owner: job.owner, host: job.host, progress: spool.progress(of: job))
    }
  }

  func lines(_ room: LiveView.Room) -> [String] {
    let speed = jobs.compactMap(\.progress?.speed).reduce(0, +)
    let head = [
      "\(waiting) waiting, \(active) active, \(done) done, \(failed) failed",
      String(
        format: "%.1f jobs and %.2f hours of audio per minute; %.1fx now", rates.jobs, rates.audioHours, speed),
    ]
    let work = jobs.map { [$0.fid.description, $0.host ?? "", $0.progress?.summary ?? "", $0.owner, $0.name] }
    let tables = [
      Table(HostView.rows(hosts)), Table([["FID", "HOST", "PROGRESS", "OWNER", "FILE"]] + work),
    ]
    return head.map { TextWidth.cut($0, to: room.columns ?? .max) }
      + tables.flatMap { [""] + $0.lines(columns: room.columns, style: room.style) }
  }
}

/// How much was done per minute.
struct Rates: Encodable, Equatable {
  let jobs: Double
  let audioHours: Double

  private static let window = 600.0

  /// - Parameter ended: when jobs were done, and how many seconds of audio they gave.
  init(_ ended: [(at: Date, seconds: Double)], now: Date) {
    let recent = ended.filter { now.timeIntervalSince($0.at) < Self.window }
    jobs = Double(recent.count) / (Self.window / 60)
    audioHours = recent.reduce(0) { $0 + $1.seconds } / 3600 / (Self.window / 60)
  }
}
