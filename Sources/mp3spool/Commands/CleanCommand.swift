public import ArgumentParser
import Catalog
public import Keeper
import Settings
import Spool
public import WireFormats

struct CleanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clean", abstract: "Remove jobs that have ended, with their files; for cron.",
    discussion: """
      Without a limit here those of the settings hold: keep-done, keep-failed and keep-free. With several limits a job \
      goes that one of them has no room for, the oldest first; --state, --user and --preset say which jobs they are about. \
      Jobs that wait or are being converted are never touched.
      """)

  @Option(help: "Jobs go that ended longer ago than this: 45s, 30m, 12h, 7d, 2w.") var olderThan: Age?
  @Option(help: "So many of them stay.") var keepJobs: Int?
  @Option(help: "They take no more than this on the disk: a number, with K, M, G, T.") var keepBytes: ByteCount?
  @Option(help: "Jobs go until so much is free on the disk.") var keepFree: ByteCount?
  @Option(help: "Only jobs in this state: done or failed.") var state: JobState?
  @Option(help: "Only this user's jobs.") var user: String?
  @Option(help: "Only jobs with this preset.") var preset: Preset?
  @Option(help: "--keep-jobs and --keep-bytes are for each user, preset or state.") var each: RetentionRule.Group?
  @Flag(help: "Only say what would be removed.") var dryRun = false
  @Flag(help: "Without any limit, here or in the settings, do nothing: for timers and cron.") var ifSet = false
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if let keepJobs, keepJobs < 0 { throw ValidationError("--keep-jobs must be 0 or more.") }
    if let state, !state.hasEnded {
      throw ValidationError("--state must be done or failed: other jobs are not touched.")
    }
    if each != nil, keepJobs == nil, keepBytes == nil {
      throw ValidationError("--each needs --keep-jobs or --keep-bytes.")
    }
  }

  func run() async throws {
    try await command {
      let settings = try await common.settings()
      let rules = try rules(settings.retention)
      // A host that only converts has no database, and nothing to clean.
      if rules.isEmpty { return }
      let parts = Parts(settings: settings)
      let cleaning = Cleaning(spool: try parts.existingSpool(), catalog: try parts.existingCatalog())
      let victims = try await cleaning.victims(of: rules)
      let (removed, left) = try await remove(victims, cleaning)
      if !common.json {
        Output.line(
          "\(dryRun ? "would remove" : "removed") \(Readable.count(removed.count, "job"))\(Self.size(removed))")
      }
      if left > 0 { throw Problem.unavailable("\(Readable.count(left, "job")) could not be removed") }
    }
  }

  /// One job that cannot be removed must not keep the others, which come after it each night.
  private func remove(
    _ victims: [EndedJob], _ cleaning: Cleaning
  ) async throws -> (removed: [EndedJob], left: Int) {
    var removed: [EndedJob] = []
    var left = 0
    for job in victims {
      do {
        // One that somebody has tried again meanwhile is none any more.
        if !dryRun, try await !cleaning.remove(job) { continue }
      } catch {
        Output.error("job \(job.id): \(error)")
        left += 1
        continue
      }
      removed.append(job)
      if common.json { try Output.json(CleanedView(job)) }
    }
    return (removed, left)
  }

  private static func size(_ jobs: [EndedJob]) -> String {
    jobs.isEmpty ? "" : ", \(Readable.bytes(jobs.reduce(0) { $0 + $1.byteCount }))"
  }

  /// What the flags say, else what the settings do.
  private func rules(_ settings: RetentionSettings) throws -> [RetentionRule] {
    var rule = RetentionRule()
    (rule.state, rule.owner, rule.preset, rule.group) = (state, user, preset, each)
    (rule.age, rule.jobs) = (olderThan?.seconds, keepJobs)
    (rule.bytes, rule.freeBytes) = (keepBytes?.bytes, keepFree?.bytes)
    if !rule.limitsNothing { return [rule] }
    guard state == nil, user == nil, preset == nil else {
      throw Problem.usage("give a limit: --older-than, --keep-jobs, --keep-bytes or --keep-free")
    }
    let usual = RetentionRule.usual(settings)
    guard !usual.isEmpty || ifSet else {
      throw Problem.usage(
        "give a limit, --older-than, --keep-jobs, --keep-bytes or --keep-free, or set keep-done, keep-failed or keep-free"
      )
    }
    return usual
  }
}

extension RetentionRule {
  /// The rules that the settings make.
  fileprivate static func usual(_ settings: RetentionSettings) -> [RetentionRule] {
    var (done, failed, free) = (RetentionRule(), RetentionRule(), RetentionRule())
    (done.state, done.age) = (.done, settings.done.map { $0 / .seconds(1) })
    (failed.state, failed.age) = (.failed, settings.failed.map { $0 / .seconds(1) })
    free.freeBytes = settings.freeBytes
    return [done, failed, free].filter { !$0.limitsNothing }
  }
}

/// A job that goes, for programs.
private struct CleanedView: Encodable {
  let fid: JobID
  let state: JobState
  let owner: String
  let name: String
  let bytes: Int64

  init(_ job: EndedJob) {
    (fid, state, owner, name, bytes) = (job.id, job.state, job.owner, job.name, job.byteCount)
  }
}

extension RetentionRule.Group: ExpressibleByArgument {}
extension Preset: ExpressibleByArgument {
  public init?(argument: String) { try? self.init(parsing: argument) }
}

/// `500`, `20M`, `100G`: powers of 1024.
struct ByteCount: ExpressibleByArgument {
  let bytes: Int64

  init?(argument: String) {
    guard let bytes = UserQuota.bytes(argument) else { return nil }
    self.bytes = bytes
  }
}
