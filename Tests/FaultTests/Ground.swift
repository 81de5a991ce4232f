import DurableFiles
import Foundation
import SystemPackage
import Testing

@testable import EndToEndTests
@testable import Spool
@testable import SpoolTests
@testable import SpoolTrials

/// What a process said of the step that it took.
enum Report: Equatable {
  case done(String)
  /// It found that somebody else had moved the job, or that there was none.
  case lost
  /// It could not do it, and says why.
  case refused(String)
  case killed

  init(_ outcome: Outcome) throws {
    let said = outcome.output.split(whereSeparator: \.isWhitespace).map(String.init)
    switch (outcome.status, said.first) {
    case (0, "done"): self = .done(said.dropFirst().first ?? "")
    case (0, "lost"), (0, "nothing"): self = .lost
    case (75, nil): self = .refused(outcome.errors.trimmingCharacters(in: .newlines))
    case (128 + 9, _): self = .killed
    default: throw Disappointment(description: "a step ended as none should: \(outcome)")
    }
  }

  var isDone: Bool { if case .done = self { true } else { false } }
}

/// A spool for one trial, and processes that take steps in it.
final class Ground: Sendable {
  let directory: TemporarySpool
  /// Who owns the claims that there are before a step. Its process has ended, so that recovery takes back what it owns.
  let owner = Incarnation.here()
  private let logs: URL

  var spool: Spool { directory.spool }
  var layout: SpoolLayout { directory.layout }

  init(in parent: String = Ground.quickPlace) throws {
    directory = try TemporarySpool(in: parent)
    logs = FileManager.default.temporaryDirectory.appending(path: "FaultTests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: logs, withIntermediateDirectories: true)
    let current = HostRecord.current()
    let ended = HostRecord(
      hostName: current.hostName, version: nil, processID: current.processID, startTicks: "0",
      processNamespace: current.processNamespace)
    _ = try spool.register(owner, ended)
  }

  deinit { try? FileManager.default.removeItem(at: logs) }

  /// In memory where that is possible: each trial waits for its disk some dozens of times.
  static let quickPlace =
    FileManager.default.isWritableFile(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()

  /// Starts a process that takes the step and meets with the fault.
  func start(_ step: Step, _ fault: Fault? = nil, wrapper: [String] = []) throws -> Command {
    let (log, words) = (log, try step.words(on: self))
    try? FileManager.default.removeItem(atPath: log)
    let environment = Preload.environment(root: directory.root.string, log: log, fault)
    // The wrapper itself is to meet with nothing.
    let preloads = environment.map { "\($0)=\($1)" }
    return try Command(
      "/usr/bin/env", wrapper + ["env"] + preloads + [Self.program, step.rawValue, directory.root.string] + words,
      in: logs, logs: logs, environment: ["PATH": "/usr/bin:/bin"], limit: .seconds(120))
  }

  func take(_ step: Step, _ fault: Fault? = nil) async throws -> Report {
    try Report(await start(step, fault).outcome())
  }

  /// The calls of the process that was started last.
  func points() throws -> [FaultPoint] { try Preload.points(in: log) }

  private var log: String { logs.appending(path: "points").path }

  private static let program = "\(Program.directory)/SpoolTrials"
}
