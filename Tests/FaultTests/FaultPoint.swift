import Foundation

@testable import EndToEndTests

/// What a process meets at one of its calls; see `FaultPoints.h`.
struct Fault: Sendable, CustomStringConvertible {
  enum Kind: String, Sendable, CaseIterable {
    case kill, stop
    case ioError = "EIO"
    case noSpace = "ENOSPC"
    case overQuota = "EDQUOT"
    case stale = "ESTALE"
    case lost

    static let errors: [Kind] = [.ioError, .noSpace, .overQuota, .stale]

    /// What it is counted as.
    var trouble: Tally.Trouble {
      switch self {
      case .kill: .kill
      case .stop: .zombie
      case .lost: .lostReply
      case .ioError, .noSpace, .overQuota, .stale: .error
      }
    }
  }

  let kind: Kind
  let point: FaultPoint

  var description: String { "\(kind.rawValue) at \(point)" }
}

/// One of a process's calls in the spool.
struct FaultPoint: Sendable, CustomStringConvertible {
  /// From 1, over all threads of the process.
  let number: Int
  let call: String
  /// Within the spool, and so is the target of a rename or link.
  let path: String
  let target: String

  /// A line of the log.
  init?(_ line: Substring) {
    let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
    guard fields.count == 4, let number = Int(fields[0]) else { return nil }
    self.number = number
    (call, path, target) = (String(fields[1]), String(fields[2]), String(fields[3]))
  }

  /// May the call be done and its reply get lost? Then, and only then, the answer is wrong.
  var mayLoseItsReply: Bool { ["mkdir", "rename", "link", "unlink", "rmdir"].contains(call) }

  /// Does `kind` make a trial of its own here?
  func admits(_ kind: Fault.Kind) -> Bool { kind != .lost || mayLoseItsReply }

  var description: String { "call \(number), \(call) \(path)\(target.isEmpty ? "" : " to \(target)")" }
}

/// The library that numbers a process's calls in the spool and brings the fault.
enum Preload {
  private static let library = "\(Program.directory)/libFaultPoints.so"

  /// For a process that works on the spool at `root`, whose path must be real.
  static func environment(root: String, log: String, _ fault: Fault? = nil) -> [String: String] {
    var environment = ["LD_PRELOAD": library, "FAULTPOINTS_ROOT": root, "FAULTPOINTS_LOG": log]
    if let fault {
      environment["FAULTPOINTS_AT"] = "\(fault.point.number)"
      environment["FAULTPOINTS_DO"] = fault.kind.rawValue
    }
    return environment
  }

  /// The calls in a log, in the order of their numbers.
  static func points(in log: String) throws -> [FaultPoint] {
    try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").compactMap(FaultPoint.init)
      .sorted { $0.number < $1.number }
  }
}

extension Program {
  /// Where the tests' programs are built.
  static let directory =
    URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path
}
