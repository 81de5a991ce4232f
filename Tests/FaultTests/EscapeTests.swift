import Foundation
import SystemPackage
import Testing

@testable import EndToEndTests
@testable import SpoolTests
@testable import SpoolTrials

/// The judge of the judge: what strace sees of a step in the spool is what the preloaded library numbers.
@Suite(.enabled(if: Tool.isThere("strace"), "strace is not installed"))
struct EscapeTests {
  @Test(arguments: Step.allCases)
  func noCallInTheSpoolEscapes(_ step: Step) async throws {
    let ground = try Ground()
    try step.prepare(ground)
    let root = ground.directory.root.string
    let trace = root + "-trace"
    defer { try? FileManager.default.removeItem(atPath: trace) }
    let wrapper = ["strace", "-f", "-qq", "-y", "-s", "4096", "-o", trace, "-e", "trace=%file,%desc"]
    let report = try Report(await ground.start(step, wrapper: wrapper).outcome())
    #expect(report.isDone)
    let seen = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n")
      .compactMap { TracedCall($0, root: root) }
    let numbered = try ground.points().flatMap(TracedCall.those)
    #expect(seen == numbered)
    #expect(!numbered.isEmpty)
  }
}

/// A system call in the spool, by a name that is the same on all machines.
struct TracedCall: Equatable, CustomStringConvertible {
  let name: String
  /// Within the spool.
  let path: String

  var description: String { "\(name) \(path)" }

  /// A line of strace's; nil where it is about something else, or of no interest: what asks for a position or reads a
  /// listing is no call that a program makes itself.
  init?(_ line: Substring, root: String) {
    let call = /^\d+\s+(\w+)\((?:(?:AT_FDCWD|\d+)(?:<([^>]*)>(?:\(deleted\))?)?)?(?:, )?(?:"([^"]*)")?/
    guard let match = line.firstMatch(of: call), let name = Self.names[String(match.1)] else { return nil }
    // What is read or written is in quotation marks, too.
    let word = name.hasSuffix("read") || name.hasSuffix("write") ? "" : String(match.3 ?? "")
    let place = match.2.map(String.init) ?? ""
    let full = word.hasPrefix("/") || place.isEmpty ? word : word.isEmpty ? place : "\(place)/\(word)"
    guard full == root || full.hasPrefix(root + "/") else { return nil }
    self.name = name == "unlink" && line.contains("AT_REMOVEDIR") ? "rmdir" : name
    path = full == root ? "." : String(full.dropFirst(root.count + 1))
  }

  private init(_ name: String, _ path: String) { (self.name, self.path) = (name, path) }

  /// What a numbered call is for the kernel. opendir(3) looks whether it opened a directory.
  static func those(of point: FaultPoint) -> [TracedCall] {
    let path = point.path.replacing(" (deleted)", with: "")
    switch point.call {
    case "opendir": return [TracedCall("open", path), TracedCall("status", path)]
    case "readdir", "readdir64": return []
    case "closedir": return [TracedCall("close", path)]
    case let call: return [TracedCall(names[call.replacing("64", with: "")] ?? call, path)]
    }
  }

  private static let names = [
    "open": "open", "openat": "open", "close": "close", "read": "read", "pread": "pread", "pread64": "pread",
    "write": "write", "pwrite": "pwrite", "pwrite64": "pwrite", "ftruncate": "ftruncate", "fsync": "fsync",
    "fdatasync": "fdatasync",
    "stat": "status", "lstat": "status", "fstat": "status", "fstatat": "status", "newfstatat": "status",
    "statx": "status", "access": "access", "faccessat": "access", "faccessat2": "access",
    "statfs": "statfs", "statvfs": "statfs", "fstatfs": "statfs",
    "mkdir": "mkdir", "mkdirat": "mkdir", "rmdir": "rmdir", "unlink": "unlink", "unlinkat": "unlink",
    "rename": "rename", "renameat": "rename", "renameat2": "rename", "link": "link", "linkat": "link",
    "symlink": "symlink", "symlinkat": "symlink", "chmod": "chmod", "fchmod": "chmod", "fchmodat": "chmod",
    "truncate": "truncate", "fallocate": "fallocate", "utimensat": "utimensat", "sendfile": "sendfile",
    "copy_file_range": "copy_file_range", "writev": "writev", "pwritev": "pwritev", "readv": "readv",
  ]
}
