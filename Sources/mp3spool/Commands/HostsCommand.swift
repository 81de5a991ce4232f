import ArgumentParser
import Settings
import Spool

struct HostsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hosts", abstract: "List the converters that share the spool, and what each works on.",
    discussion: """
      It needs the spool and nothing else. A converter beats every five seconds; one that has not done so for 30 s is \
      called silent, and one that the others gave up after a minute dead.
      """)

  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await command {
      let spool = try Spool(opening: try await common.settings().spool)
      let hosts = try HostView.all(in: spool)
      if common.json { for host in hosts { try Output.json(host) } } else { Self.print(hosts) }
    }
  }

  private static func print(_ hosts: [HostView]) {
    let rows = hosts.map { host in
      let beat = host.secondsSinceBeat.map { "\(Readable.duration($0)) ago" } ?? "just now"
      let jobs = host.jobs.map { "\($0.fid)\($0.progress.map { " (\($0.summary))" } ?? "")" }
      return [host.host, host.incarnation, host.version ?? "", beat, host.state.rawValue, jobs.joined(separator: ", ")]
    }
    Output.table([["HOST", "INCARNATION", "VERSION", "LAST BEAT", "STATE", "WORKS ON"]] + rows)
  }
}

/// A converter as `hosts` tells of it.
private struct HostView: Encodable {
  enum State: String, Encodable { case alive, silent, dead }

  struct Work: Encodable {
    let fid: JobID
    /// From 0.
    let attempt: Int
    let progress: JobProgress?
  }

  let host: String
  let incarnation: String
  let version: String?
  let processID: Int32?
  /// How often it has renewed its lease.
  let beats: Int
  let secondsSinceBeat: Double?
  let state: State
  let jobs: [Work]

  private static let silence = 30.0

  static func all(in spool: Spool) throws -> [HostView] {
    let sighting = try spool.sightHosts()
    let work = Dictionary(grouping: sighting.claims, by: \.owner)
    return try sighting.leases
      .map { try HostView($0, work[$0.incarnation] ?? [], in: spool) }
      .sorted { ($0.host, $0.incarnation) < ($1.host, $1.incarnation) }
  }

  private init(_ lease: Lease, _ claims: [Claim], in spool: Spool) throws {
    let record = spool.record(of: lease)
    let seconds = try spool.age(of: lease).map { $0 / .seconds(1) }
    host = record?.hostName ?? lease.incarnation.host
    incarnation = "\(lease.incarnation)"
    (version, processID, beats, secondsSinceBeat) = (record?.version, record?.processID, lease.count, seconds)
    state = lease.isDead ? .dead : (seconds ?? 0) > Self.silence ? .silent : .alive
    jobs = claims.map { Work(fid: $0.id, attempt: $0.attempt, progress: spool.progress(of: $0)) }
  }
}
