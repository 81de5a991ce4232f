public import Spool

/// A converter as the command `hosts` and `GET /hosts` tell of it.
public struct HostView: Encodable, Sendable {
  public enum State: String, Encodable, Sendable, CaseIterable { case alive, silent, dead }

  /// A job that it has claimed.
  public struct Work: Encodable, Sendable {
    public let fid: JobID
    /// From 0.
    public let attempt: Int
    public let progress: JobProgress?
  }

  public let host: String
  public let incarnation: String
  public let version: String?
  public let processID: Int32?
  /// How often it has renewed its lease.
  public let beats: Int
  public let secondsSinceBeat: Double?
  public let state: State
  public let jobs: [Work]

  /// In seconds: so long nobody wonders why a converter does not beat.
  private static let silence = 30.0

  /// All that have a lease, by their names. It looks at the spool, which may block.
  public static func all(in spool: Spool) throws(SpoolError) -> [HostView] {
    let sighting = try spool.sightHosts()
    let work = Dictionary(grouping: sighting.claims, by: \.owner)
    guard !sighting.leases.isEmpty else { return [] }
    let now = try spool.now()
    var views: [HostView] = []
    for lease in sighting.leases {
      views.append(try HostView(lease, work[lease.incarnation] ?? [], in: spool, at: now))
    }
    return views.sorted { ($0.host, $0.incarnation) < ($1.host, $1.incarnation) }
  }

  private init(_ lease: Lease, _ claims: [Claim], in spool: Spool, at now: Duration) throws(SpoolError) {
    let record = spool.record(of: lease)
    let seconds = try spool.age(of: lease, at: now).map { $0 / .seconds(1) }
    host = record?.hostName ?? lease.incarnation.host
    incarnation = "\(lease.incarnation)"
    (version, processID, beats, secondsSinceBeat) = (record?.version, record?.processID, lease.count, seconds)
    state = lease.isDead ? .dead : (seconds ?? 0) > Self.silence ? .silent : .alive
    jobs = claims.map { Work(fid: $0.id, attempt: $0.attempt, progress: spool.progress(of: $0)) }
  }
}
