public import ArgumentParser
import AuthService
import Catalog
import DurableFiles
import Foundation
import Gateway
import Keeper
import Settings
public import Spool
import SystemPackage
import TerminalText
import Tokens
import WireFormats

struct JobsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "jobs", abstract: "List jobs, newest first.")

  @OptionGroup var common: CommonOptions
  @OptionGroup var server: ServerOption
  @Option(help: "Only jobs in this state: waiting, active, done, failed.") var state: JobState?
  @Option(help: "How many at most.") var limit = 50
  @Flag(help: "Show the list anew every second, until q or Ctrl-C; with --json without end.") var watch = false

  func run() async throws {
    try await command {
      let list = try await JobList(common, server)
      if common.json {
        repeat {
          for job in try await list.jobs(state, limit: limit) {
            try Output.json(JobView(job.record, progress: job.progress))
          }
          if watch { try await Task.sleep(for: .seconds(1)) }
        } while watch
      } else if watch {
        try await LiveView.show { room in
          let jobs = try await list.jobs(state, limit: limit)
          return Table(Self.rows(jobs)).lines(columns: room.columns, style: room.style)
        }
      } else {
        Output.table(Self.rows(try await list.jobs(state, limit: limit)))
      }
    }
  }

  private static func rows(_ jobs: [KnownJob]) -> [[String]] {
    let rows = jobs.map { known in
      let job = known.record
      return [
        "\(job.id)", job.state.rawValue, job.host ?? "", "\(job.attempt + 1)", known.progress?.summary ?? "",
        job.submittedAt.readable, Readable.bytes(job.size), job.owner, job.outcome,
      ]
    }
    return [["FID", "STATE", "HOST", "ATTEMPT", "PROGRESS", "SUBMITTED", "SIZE", "OWNER", "FILE"]] + rows
  }
}

/// A job, and how far it is while it is being converted.
struct KnownJob {
  let record: JobRecord
  let progress: JobProgress?
}

/// Where jobs are looked up: in the index here, or at a gateway.
enum JobList {
  case here(Spool, Catalog)
  case at(RemoteServer)

  init(_ common: CommonOptions, _ server: ServerOption) async throws {
    if let remote = try server.chosen() {
      self = .at(remote)
    } else {
      let parts = Parts(settings: try await common.settings())
      self = .here(try parts.existingSpool(probing: false), try parts.existingCatalog())
    }
  }

  func jobs(_ state: JobState?, limit: Int) async throws -> [KnownJob] {
    switch self {
    case .here(let spool, let catalog):
      try await catalog.jobs(JobFilter(state: state), limit: limit)
        .map { KnownJob(record: $0, progress: spool.progress(of: $0)) }
    case .at(let remote):
      try await remote.reached { try await $0.jobList(state, limit: limit) }
        .map { KnownJob(record: $0.record, progress: $0.progress) }
    }
  }

  func job(_ id: JobID) async throws -> KnownJob {
    switch self {
    case .here(let spool, let catalog):
      let record = try await catalog.existingJob(id)
      return KnownJob(record: record, progress: spool.progress(of: record))
    case .at(let remote):
      let job = try await remote.reached { try await $0.job(id) }
      return KnownJob(record: job.record, progress: job.progress)
    }
  }
}

struct ShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "show", abstract: "Show all that is known of a job.")

  @Argument(help: "The job's fid.") var fid: String
  @OptionGroup var common: CommonOptions
  @OptionGroup var server: ServerOption

  func run() async throws {
    try await command {
      let id = try JobID.named(fid)
      let list = try await JobList(common, server)
      let job = try await list.job(id)
      if common.json { return try Output.json(JobView(job.record, progress: job.progress)) }
      if case .here(let spool, _) = list { print(job, spool.layout) } else { print(job, nil) }
    }
  }

  /// - Parameter layout: nil where the spool is on another host, which tells no paths.
  private func print(_ known: KnownJob, _ layout: SpoolLayout?) {
    let job = known.record
    var rows = [
      ["fid", "\(job.id)"], ["state", job.state.rawValue], ["file", job.name], ["owner", job.owner],
      ["size", Readable.bytes(job.size)], ["submitted", job.submittedAt.readable], ["attempt", "\(job.attempt + 1)"],
    ]
    if let layout { rows.append(["directory", "\(layout[job.state].appending(job.directory))"]) }
    if let sha256 = job.sha256 { rows.append(["sha256", sha256]) }
    if let host = job.host { rows.append(["host", host]) }
    if let progress = known.progress { rows.append(["progress", progress.summary]) }
    if let finished = job.finishedAt { rows.append(["finished", finished.readable]) }
    for result in job.result?.all ?? [] { rows += result.rows }
    if let exported = job.exportedName {
      rows.append(["exported", layout.map { "\($0.done.appending(exported))" } ?? exported])
    }
    if let failure = job.failure { rows.append(["failure", failure.sentence]) }
    Output.table(rows)
  }
}

struct RetryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry", abstract: "Put a failed job back into the queue.")

  @Argument(help: "The job's fid.") var fid: String
  @OptionGroup var common: CommonOptions
  @OptionGroup var server: ServerOption

  func run() async throws {
    try await command {
      let id = try JobID.named(fid)
      if let remote = try server.chosen() { return try await remote.reached { try await $0.retry(id) } }
      let parts = Parts(settings: try await common.settings())
      let job = try await parts.existingCatalog().existingJob(id)
      guard try parts.existingSpool().retry(job.id) else { throw Problem.input("\(fid) is not a failed job") }
      CommandAudit.note(.retry, account: job.owner, fid: fid, parts.settings)
    }
  }
}

struct CancelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "cancel", abstract: "End a job that waits or runs.")

  @Argument(help: "The job's fid.") var fid: String
  @OptionGroup var common: CommonOptions
  @OptionGroup var server: ServerOption

  func run() async throws {
    try await command {
      let id = try JobID.named(fid)
      if let remote = try server.chosen() { return try await remote.reached { try await $0.cancel(id) } }
      let parts = Parts(settings: try await common.settings())
      let job = try await parts.existingCatalog().existingJob(id)
      guard try parts.existingSpool().cancel(job.id, because: .cancelled) else {
        throw Problem.input("\(fid) has ended already")
      }
      CommandAudit.note(.cancel, account: job.owner, fid: fid, parts.settings)
    }
  }
}

extension JobState: ExpressibleByArgument {}

extension JobID {
  /// The job that a person named. What cannot be one is told before a spool or a server is looked for.
  static func named(_ fid: String) throws(Problem) -> JobID {
    guard let id = JobID(fid) else { throw .usage("'\(fid)' is not a fid") }
    return id
  }
}

extension Catalog {
  fileprivate func existingJob(_ id: JobID) async throws -> JobRecord {
    guard let job = try await job(id) else { throw Problem.input("there is no job \(id) in the index") }
    return job
  }
}

extension JobRecord {
  /// The file's name, and what became of it.
  fileprivate var outcome: String {
    switch state {
    case .waiting, .active: name
    case .done: "\(name) → \(exportedName ?? "\(Readable.duration(result?.duration ?? 0))")"
    case .failed: "\(name): \(failure?.sentence ?? "failed")"
    }
  }
}

extension JobResult {
  /// What `show` tells of an MP3.
  fileprivate var rows: [[String]] {
    let size = Readable.bytes(byteCount)
    let level = loudness.map { String(format: ", %.1f LUFS", $0) } ?? ""
    return [
      ["track", "\(track)\(language.map { " (\($0))" } ?? "")"], ["length", Readable.duration(duration)],
      ["mp3", "\(size), \((bitrate + 500) / 1000) kbit/s, \(sampleRate) Hz\(level)"],
      ["source", "\(container), \(codec)"],
    ] + warnings.map { ["warning", $0] }
  }
}

extension JobProgress {
  /// `42 %, 34.5x, 0:12 left`.
  var summary: String {
    let percent = fraction.map { String(format: "%.0f %%, ", $0 * 100) } ?? ""
    let left = timeLeft.map { ", \(Readable.duration($0)) left" } ?? ""
    return percent + String(format: "%.1fx", speed) + left
  }
}

extension Date {
  /// Local time to the second.
  var readable: String {
    let formatter = DateFormatter()
    formatter.dateFormat = "yyyy-MM-dd HH:mm:ss"
    return formatter.string(from: self)
  }
}
