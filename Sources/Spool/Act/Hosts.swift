import DurableFiles
import SystemPackage

// Leases: how a converter says that it lives, and how others find that it does not. What follows is decided by
// `HostWatch`.

/// What a process has a lease for.
public enum LeaseRole: Sendable {
  /// Many convert at a time.
  case converter
  /// One at a time adopts files, keeps uploads and cleans; see `SeatWatch`.
  case gateway
}

extension Spool {
  /// Makes a new incarnation known; it must be done before it claims anything.
  public func register(
    _ incarnation: Incarnation, _ record: HostRecord = .current(), as role: LeaseRole = .converter
  ) throws(SpoolError) -> Lease {
    let lease = Lease(incarnation, count: 0)
    try spooling { () throws(FileError) in
      try Files.save(JSON.encode(record), to: layout.leases(role).appending(lease.name))
    }
    return lease
  }

  /// Renews the lease; nil where it was declared dead: then this incarnation must stop its work and become another.
  public func beat(_ lease: Lease, as role: LeaseRole = .converter) throws(SpoolError) -> Lease? {
    try rename(lease, to: lease.next, role) ? lease.next : nil
  }

  /// Declares an incarnation dead whose lease is still the one that was seen.
  ///
  /// - Returns: false where it has beaten meanwhile, or somebody else was faster.
  @discardableResult
  public func declareDead(_ lease: Lease, as role: LeaseRole = .converter) throws(SpoolError) -> Bool {
    try rename(lease, to: lease.dead, role)
  }

  private func rename(_ lease: Lease, to next: Lease, _ role: LeaseRole) throws(SpoolError) -> Bool {
    let directory = layout.leases(role)
    return try move(directory.appending(lease.name), to: directory.appending(next.name), witness: .target) == .moved
  }

  /// Ends an incarnation. One that still owns a job, which it could not end, stays known, so that the next incarnation
  /// of this host takes the job back.
  public func retire(_ incarnation: Incarnation) throws(SpoolError) {
    guard try claims(of: incarnation).isEmpty else { return }
    for lease in try leases() where lease.incarnation == incarnation && !lease.isDead { try forget(lease) }
  }

  /// Removes a lease whose incarnation owns nothing and will not come back.
  public func forget(_ lease: Lease, as role: LeaseRole = .converter) throws(SpoolError) {
    try throwAway(layout.leases(role).appending(lease.name))
  }

  /// The leases that there are.
  public func leases(_ role: LeaseRole = .converter) throws(SpoolError) -> [Lease] {
    try spooling { () throws(FileError) in try Files.names(in: layout.leases(role)) }.compactMap(Lease.init)
  }

  /// Looks at all leases and all claims.
  public func sightHosts() throws(SpoolError) -> HostSighting {
    HostSighting(leases: try leases(), claims: try list(.active).compactMap(Claim.init))
  }

  /// What an incarnation told of itself; nil where its lease is gone.
  public func record(of lease: Lease, as role: LeaseRole = .converter) -> HostRecord? {
    if let record = read(lease, role) { return record }
    // It may have beaten meanwhile: then its lease has another name.
    return (try? leases(role))?.first { $0.incarnation == lease.incarnation }.flatMap { read($0, role) }
  }

  private func read(_ lease: Lease, _ role: LeaseRole) -> HostRecord? {
    let bytes = try? Files.read(layout.leases(role).appending(lease.name), limit: 64 << 10)
    return bytes.flatMap { JSON.decode(HostRecord.self, from: $0) }
  }

  /// What the hosts of all known incarnations call themselves.
  public func hostNames() throws(SpoolError) -> [Incarnation: String] {
    let names = try leases().compactMap { lease in record(of: lease).map { (lease.incarnation, $0.hostName) } }
    return Dictionary(names) { first, _ in first }
  }

  /// Is the incarnation of `lease` gone for certain, as seen from one of the same …
  ///
  /// | … host and boot   | its process has ended                                               |
  /// |-------------------|---------------------------------------------------------------------|
  /// | local file system | its boot is another one: one kernel mounts such a file system       |
  ///
  /// - Parameter isLocal: the spool is on a file system that only this host can mount.
  public func hasEnded(
    _ lease: Lease, seenFrom own: Incarnation, isLocal: Bool, as role: LeaseRole = .converter
  ) -> Bool {
    if lease.incarnation.boot != own.boot { return isLocal }
    return lease.incarnation.host == own.host && record(of: lease, as: role)?.hasEnded ?? false
  }

  /// How long ago the incarnation of `lease` beat last; nil where the lease has a new name by now.
  ///
  /// A rename sets the time of a file's last status change; source: inode(7).
  ///
  /// - Parameter now: from ``now()``; one look at many leases asks for it once.
  public func age(of lease: Lease, at now: Duration) throws(SpoolError) -> Duration? {
    let status = try spooling { () throws(FileError) in try Files.status(layout.hosts.appending(lease.name)) }
    return (status?.changed).map { max(now - $0, .zero) }
  }

  /// The time since 1970 by the clock of the disk or file server that holds the spool: the only one that the times of
  /// its files may be compared with (rule R6).
  public func now() throws(SpoolError) -> Duration {
    let probe = layout.staging.appending(".clock-\(ClaimNumber())")
    do throws(FileError) {
      try NewFile(creating: probe).close()
      let status = try Files.status(probe)
      try Files.unlinkIfPresent(probe)
      guard let status else { throw FileError(operation: "look at", path: probe, errno: .noSuchFileOrDirectory) }
      return status.modified
    } catch {
      try? Files.unlinkIfPresent(probe)
      throw SpoolError(error)
    }
  }
}
