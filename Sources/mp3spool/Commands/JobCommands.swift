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
import Tokens
import WireFormats

struct JobsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "jobs", abstract: "List jobs, newest first.")

  @OptionGroup var common: CommonOptions
  @Option(help: "Only jobs in this state: waiting, active, done, failed.") var state: JobState?
  @Option(help: "How many at most.") var limit = 50
  @Flag(help: "Show the list anew every second, until Ctrl-C.") var watch = false

  func run() async throws {
    try await command {
      let parts = Parts(settings: try await common.settings())
      let (spool, catalog) = (try Spool(opening: parts.settings.spool), try parts.catalog())
      repeat {
        let jobs = try await catalog.jobs(JobFilter(state: state), limit: limit)
        if watch { Output.clearScreen() }
        if common.json {
          for job in jobs { try Output.json(JobView(job, progress: spool.progress(of: job))) }
        } else {
          Self.print(jobs, spool)
        }
        if watch { try await Task.sleep(for: .seconds(1)) }
      } while watch
    }
  }

  private static func print(_ jobs: [JobRecord], _ spool: Spool) {
    let rows = jobs.map { job in
      [
        "\(job.id)", job.state.rawValue, job.host ?? "", "\(job.attempt + 1)", spool.progress(of: job)?.summary ?? "",
        job.submittedAt.readable, Readable.bytes(job.size), job.owner, job.outcome,
      ]
    }
    Output.table([["FID", "STATE", "HOST", "ATTEMPT", "PROGRESS", "SUBMITTED", "SIZE", "OWNER", "FILE"]] + rows)
  }
}

struct ShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "show", abstract: "Show all that is known of a job.")

  @Argument(help: "The job's fid.") var fid: String
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await command {
      let parts = Parts(settings: try await common.settings())
      let (spool, job) = (try Spool(opening: parts.settings.spool), try await parts.catalog().existingJob(fid))
      if common.json { try Output.json(JobView(job, progress: spool.progress(of: job))) } else { print(job, spool) }
    }
  }

  private func print(_ job: JobRecord, _ spool: Spool) {
    let layout = spool.layout
    var rows = [
      ["fid", "\(job.id)"], ["state", job.state.rawValue], ["file", job.name], ["owner", job.owner],
      ["size", Readable.bytes(job.size)], ["submitted", job.submittedAt.readable], ["attempt", "\(job.attempt + 1)"],
      ["directory", "\(layout[job.state].appending(job.directory))"],
    ]
    if let sha256 = job.sha256 { rows.append(["sha256", sha256]) }
    if let host = job.host { rows.append(["host", host]) }
    if let progress = spool.progress(of: job) { rows.append(["progress", progress.summary]) }
    if let finished = job.finishedAt { rows.append(["finished", finished.readable]) }
    for result in job.result?.all ?? [] { rows += result.rows }
    if let exported = job.exportedName { rows.append(["exported", "\(layout.done.appending(exported))"]) }
    if let failure = job.failure { rows.append(["failure", failure.sentence]) }
    Output.table(rows)
  }
}

struct RetryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry", abstract: "Put a failed job back into the queue.")

  @Argument(help: "The job's fid.") var fid: String
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await command {
      let parts = Parts(settings: try await common.settings())
      let job = try await parts.catalog().existingJob(fid)
      guard try parts.spool().retry(job.id) else { throw Problem.input("\(fid) is not a failed job") }
      CommandAudit.note(.retry, account: job.owner, fid: fid, parts.settings)
    }
  }
}

struct CancelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "cancel", abstract: "End a job that waits or runs.")

  @Argument(help: "The job's fid.") var fid: String
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await command {
      let parts = Parts(settings: try await common.settings())
      let job = try await parts.catalog().existingJob(fid)
      guard try parts.spool().cancel(job.id, because: .cancelled) else {
        throw Problem.input("\(fid) has ended already")
      }
      CommandAudit.note(.cancel, account: job.owner, fid: fid, parts.settings)
    }
  }
}

struct SubmitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "submit", abstract: "Copy files into the spool as jobs; their fids are printed.")

  @Argument(help: "The media files.", completion: .file()) var files: [String]
  @OptionGroup var options: ConversionFlags
  @Option(help: "Who owns the jobs.") var owner = "local"
  @Flag(help: "Wait until the jobs have ended; the exit code is 65 if one failed.") var wait = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await command {
      let parts = Parts(settings: try await common.settings())
      let (spool, catalog) = (try parts.spool(), try parts.catalog())
      let signer = try await parts.sidecarSigner(catalog, spool)
      let options = try options.parsed(over: parts.conversionDefaults())
      let fairShare = FairShare(catalog: catalog)
      var ids: [JobID] = []
      for file in files {
        let record = try await fairShare.withNewID(for: owner) { id in
          let record = try await submit(FilePath(file), as: id, options, signer, spool)
          try await catalog.upsert(record)
          return record
        }
        ids.append(record.id)
        Output.line("\(record.id)")
      }
      if wait { try await waitForEnd(of: ids, spool) }
    }
  }

  private func submit(
    _ path: FilePath, as id: JobID, _ options: ConversionOptions, _ signer: SidecarSigner, _ spool: Spool
  ) async throws -> JobRecord {
    let name = try FileName.checked(path.lastComponent?.string ?? "")
    var source = try SourceFile(reading: path)
    var staged = try spool.stage(id)
    do {
      while case let bytes = try source.read(upTo: 1 << 20), !bytes.isEmpty { try staged.write(bytes.span) }
    } catch {
      staged.discard()
      throw error
    }
    let sidecar = Sidecar(
      id: staged.id, owner: owner, name: name, size: staged.byteCount, sha256: nil, options: options, origin: .upload,
      issuedAt: Date())
    try staged.commit(sidecar: try await signer.sign(sidecar))
    return JobRecord(waiting: sidecar)
  }

  private func waitForEnd(of ids: [JobID], _ spool: Spool) async throws {
    var open = ids
    var failed = 0
    while !open.isEmpty {
      try await Task.sleep(for: .milliseconds(200))
      for id in open {
        guard let place = try spool.find(id), place.state == .done || place.state == .failed else { continue }
        open.removeAll { $0 == id }
        if place.state == .failed { failed += 1 }
      }
    }
    if failed > 0 { throw Problem.input("\(failed) of \(ids.count) files could not be converted; see mp3spool jobs") }
  }
}

extension JobState: ExpressibleByArgument {}

extension Catalog {
  /// The job that a person named, or a sentence.
  fileprivate func existingJob(_ fid: String) async throws -> JobRecord {
    guard let id = JobID(fid) else { throw Problem.usage("'\(fid)' is not a fid") }
    guard let job = try await job(id) else { throw Problem.input("there is no job \(fid) in the index") }
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
