import DurableFiles
import Foundation
import Glibc
import SystemPackage
import Testing

@testable import Spool

/// A step of the protocol that is run in a process of its own, so that it can be killed or refused anything at each of
/// its system calls.
enum Step: String, CaseIterable, Codable, Sendable {
  case enqueue, adopt, publish, fail, cancel

  /// What there is before the step.
  func prepare(_ directory: TemporarySpool) throws {
    switch self {
    case .enqueue: break
    case .adopt: try directory.drop("video.mp4", "dropped")
    case .publish, .fail, .cancel: try directory.convert(try directory.claimed())
    }
  }

  func run(in spool: Spool) throws {
    switch self {
    case .enqueue:
      var staged = try spool.stage(JobID(at: Date()))
      do { try staged.append(TemporarySpool.source) } catch {
        staged.discard()
        throw error
      }
      try staged.commit(sidecar: TemporarySpool.sidecar)
    case .adopt:
      guard let adoption = try spool.adopt("video.mp4", as: JobID(at: Date())) else { return }
      try spool.commit(adoption, sidecar: TemporarySpool.sidecar)
    case .publish:
      let claim = try Self.claim(in: spool)
      _ = try spool.publish(claim, result: .ofTests(claim))
    case .fail: _ = try spool.fail(Self.claim(in: spool), .hopeless)
    case .cancel: _ = try spool.cancel(Self.claim(in: spool).id, because: .cancelled)
    }
  }

  private static func claim(in spool: Spool) throws -> Claim {
    try #require(try spool.list(.active).compactMap(Claim.init).first)
  }
}

/// The system calls by which a spool is changed. A question mark lets strace pass over those that a machine lacks
/// (strace(1), "-e trace").
enum SystemCall: String, CaseIterable, Codable, Sendable {
  case rename = "?rename,?renameat,?renameat2"
  case makeDirectory = "?mkdir,?mkdirat"
  case open = "?open,openat"
  case write = "pwrite64"
  case synchronize = "fsync"
  case remove = "?unlink,?unlinkat"
}

/// strace(1) at work on this very process: it kills it, or refuses it a system call.
final class Tracer {
  private let process = Process()
  private let trace: FilePath

  /// Attaches to this process. From here on the `number`th of each of the calls meets the fault, counted by thread.
  init(_ call: SystemCall, number: Int, fault: String, trace: FilePath) throws {
    self.trace = trace
    let errors = Pipe()
    process.executableURL = URL(filePath: Self.program)
    process.arguments = [
      "-f", "-p", "\(ProcessInfo.processInfo.processIdentifier)", "-o", trace.string, "-e", "trace=\(call.rawValue)",
      "-e", "signal=none", "-e", "inject=\(call.rawValue):\(fault):when=\(number)",
    ]
    process.standardError = errors
    try process.run()
    var told = Data()
    while !told.contains(Array("attached".utf8)) {
      let more = errors.fileHandleForReading.availableData
      guard !more.isEmpty else { throw TracerError(sentence: String(decoding: told, as: UTF8.self)) }
      told += more
    }
  }

  /// Detaches, and says whether the fault has happened. It inherits our blocked signals, of which SIGKILL is none; the
  /// kernel then detaches it (ptrace(2)), and its lines are in the file one by one.
  func end() throws -> Bool {
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    return try String(contentsOfFile: trace.string, encoding: .utf8).contains("(INJECTED)")
  }

  private static let program = "/usr/bin/strace"

  /// Is strace installed, and may it attach to us? A child may trace its parent with CAP_SYS_PTRACE (bit 19), or where
  /// Yama does not restrict it (capabilities(7), ptrace(2)).
  static let isPossible: Bool = {
    guard FileManager.default.isExecutableFile(atPath: program) else { return false }
    let scope = ProcessTable.firstLine(of: "/proc/sys/kernel/yama/ptrace_scope") ?? "0"
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") } ?? ""
    let capabilities = UInt64(line.drop { $0 != "\t" }.dropFirst(), radix: 16) ?? 0
    return scope == "0" || capabilities & (1 << 19) != 0
  }()
}

struct TracerError: Error { let sentence: String }

/// What became of a step that met a fault.
enum Outcome: String, Sendable {
  /// The step did what it should, and the fault came not: there are fewer such calls.
  case untouched
  /// It did what it should in spite of the fault.
  case done
  /// It threw an error.
  case refused
  /// It said nothing more.
  case killed
}

/// Runs the step in a process of its own, on which strace brings the fault.
func run(
  _ step: Step, in directory: TemporarySpool, _ call: SystemCall, number: Int, fault: String
) async throws -> Outcome {
  let note = directory.root.appending("outcome")
  try? Files.unlink(note)
  // The process ends itself by the signal that strace would use, so that one expectation fits both ends.
  await #expect(processExitsWith: .signal(SIGKILL)) {
    [
      root = directory.root.string as String, step = step as Step, call = call as SystemCall, number = number as Int,
      fault = fault as String
    ] in
    let root = FilePath(root)
    let spool = try Spool(opening: root)
    let tracer = try Tracer(call, number: number, fault: fault, trace: root.appending("trace"))
    var outcome = Outcome.done
    do { try step.run(in: spool) } catch { outcome = .refused }
    if try !tracer.end() { outcome = .untouched }
    try Files.save(Array(outcome.rawValue.utf8), to: root.appending("outcome"))
    kill(getpid(), SIGKILL)
  }
  guard let told = try? Files.read(note, limit: 100) else { return .killed }
  return try #require(Outcome(rawValue: String(decoding: told, as: UTF8.self)))
}
