import DurableFiles
import Foundation
import SystemPackage

/// Which process an incarnation is: for people, and so that a process on the same host can see that it has ended.
public struct HostRecord: Codable, Sendable, Hashable {
  public let hostName: String
  /// Of mp3spool.
  public let version: String?
  public let processID: Int32
  /// When the process began, in clock ticks after boot: a process id alone may be used again.
  public let startTicks: String
  /// The namespace in which the process id counts: containers number their processes by themselves.
  public let processNamespace: String

  /// This process.
  public static func current(version: String? = nil) -> HostRecord {
    HostRecord(
      hostName: ProcessInfo.processInfo.hostName, version: version,
      processID: ProcessInfo.processInfo.processIdentifier, startTicks: ProcessTable.startTicks(of: "self") ?? "",
      processNamespace: ProcessTable.ownNamespace)
  }

  /// Can this host tell that the process is gone? Only in its own namespace of process ids.
  var hasEnded: Bool {
    processNamespace == ProcessTable.ownNamespace && ProcessTable.startTicks(of: "\(processID)") != startTicks
  }
}

extension Incarnation {
  /// A new incarnation on this host and boot.
  public static func here() -> Incarnation {
    let machine = ProcessTable.firstLine(of: "/etc/machine-id") ?? ProcessInfo.processInfo.hostName
    let boot = ProcessTable.firstLine(of: "/proc/sys/kernel/random/boot_id") ?? ""
    return Incarnation(hostName: machine, bootName: boot)
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
