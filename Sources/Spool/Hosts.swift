import DurableFiles
import Foundation
import SystemPackage

/// Which process an incarnation is, so that a process on the same host can see that it has ended.
public struct HostRecord: Codable, Sendable, Hashable {
  public let hostName: String
  public let processID: Int32
  /// When the process began, in clock ticks after boot: a process id alone may be used again.
  public let startTicks: String
  /// The namespace in which the process id counts: containers number their processes by themselves.
  public let processNamespace: String

  /// This process.
  public static func current() -> HostRecord {
    HostRecord(
      hostName: ProcessInfo.processInfo.hostName, processID: ProcessInfo.processInfo.processIdentifier,
      startTicks: ProcessTable.startTicks(of: "self") ?? "", processNamespace: ProcessTable.ownNamespace)
  }

  /// Can this host tell that the process is gone? Only in its own namespace of process ids.
  var hasEnded: Bool {
    processNamespace == ProcessTable.ownNamespace && ProcessTable.startTicks(of: "\(processID)") != startTicks
  }
}

/// A converter's sign of life: the file `hosts/H.c`, whose count c grows with each beat.
public struct Lease: Sendable {
  public let incarnation: Incarnation
  public let count: Int

  var name: String { "\(incarnation).\(count)" }
}

/// What `hosts/` says of one incarnation.
public struct HostState: Sendable, Hashable {
  public let incarnation: Incarnation
  public let count: Int
  public let isDeclaredDead: Bool
  public let record: HostRecord?

  var fileName: String { "\(incarnation).\(count)\(isDeclaredDead ? ".dead" : "")" }
}

extension Incarnation {
  /// A new incarnation on this host and boot.
  public static func here() -> Incarnation {
    let machine = ProcessTable.firstLine(of: "/etc/machine-id") ?? ProcessInfo.processInfo.hostName
    let boot = ProcessTable.firstLine(of: "/proc/sys/kernel/random/boot_id") ?? ""
    return Incarnation(hostName: machine, bootName: boot)
  }
}

extension Spool {
  /// Makes a new incarnation known; it must be done before it claims anything.
  public func register(_ incarnation: Incarnation, _ record: HostRecord = .current()) throws(SpoolError) -> Lease {
    let lease = Lease(incarnation: incarnation, count: 0)
    try spooling { () throws(FileError) in
      try Files.save(JSON.encode(record), to: layout.hosts.appending(lease.name))
    }
    return lease
  }

  /// Renews the lease; nil where it was declared dead: then this incarnation must stop its work and become another.
  public func beat(_ lease: Lease) throws(SpoolError) -> Lease? {
    let next = Lease(incarnation: lease.incarnation, count: lease.count + 1)
    let outcome = try move(
      layout.hosts.appending(lease.name), to: layout.hosts.appending(next.name), witness: .target)
    return outcome == .moved ? next : nil
  }

  /// Ends an incarnation. One that still owns a job, which it could not end, stays known, so that the next incarnation
  /// of this host takes the job back.
  public func retire(_ incarnation: Incarnation) throws(SpoolError) {
    guard try claims(of: incarnation).isEmpty else { return }
    for state in try hostStates() where state.incarnation == incarnation && !state.isDeclaredDead {
      try throwAway(layout.hosts.appending(state.fileName))
    }
  }

  /// All incarnations that `hosts/` knows.
  public func hostStates() throws(SpoolError) -> [HostState] {
    try spooling { () throws(FileError) in try Files.list(layout.hosts) }.compactMap(hostState)
  }

  /// Takes back what former incarnations of this host owned whose process is gone, and forgets them.
  ///
  /// - Parameter isLocal: the spool is on a file system that only this host can mount, so that what another boot left
  ///   is dead for certain.
  /// - Returns: how many claims were taken back.
  public func reclaimFormerSelves(of own: Incarnation, isLocal: Bool) throws(SpoolError) -> Int {
    var count = 0
    for state in try hostStates() where state.incarnation != own {
      guard state.isGone(seenFrom: own, isLocal: isLocal) else { continue }
      count += try reclaim(from: state.incarnation)
      try throwAway(layout.hosts.appending(state.fileName))
    }
    return count
  }

  private func hostState(_ entry: DirectoryEntry) -> HostState? {
    let parts = entry.name.split(separator: ".")
    guard (2...3).contains(parts.count), let incarnation = Incarnation(parts[0]), let count = Int(parts[1]),
      parts.count == 2 || parts[2] == "dead"
    else { return nil }
    let bytes = try? Files.read(layout.hosts.appending(entry.component), limit: 64 << 10)
    return HostState(
      incarnation: incarnation, count: count, isDeclaredDead: parts.count == 3,
      record: bytes.flatMap { JSON.decode(HostRecord.self, from: $0) })
  }
}

extension HostState {
  /// | seen from one of the same … | it is gone where                                                    |
  /// |-----------------------------|---------------------------------------------------------------------|
  /// | anything                    | it was declared dead                                                |
  /// | host and boot               | its process has ended                                               |
  /// | local file system           | its boot is another one: one kernel mounts such a file system       |
  func isGone(seenFrom own: Incarnation, isLocal: Bool) -> Bool {
    if isDeclaredDead { return true }
    if incarnation.boot != own.boot { return isLocal }
    return incarnation.host == own.host && (record?.hasEnded ?? false)
  }
}

/// The kernel's own account of processes; source: proc(5).
enum ProcessTable {
  /// Field 22 of `/proc/PID/stat`, or nil where there is no such process or it is dead and only waits for its parent.
  /// The second field is the command's name in parentheses and may hold spaces, so the fields are counted from the last
  /// parenthesis.
  static func startTicks(of process: String) -> String? {
    guard let line = firstLine(of: FilePath("/proc/\(process)/stat")), let name = line.lastIndex(of: ")") else {
      return nil
    }
    let fields = line[line.index(after: name)...].split(separator: " ")
    return fields.count > 19 && !["Z", "X"].contains(fields[0]) ? String(fields[19]) : nil
  }

  static let ownNamespace =
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")) ?? ""

  static func firstLine(of path: FilePath) -> String? {
    guard let bytes = try? Files.read(path, limit: 64 << 10) else { return nil }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").first.map(String.init)
  }
}
