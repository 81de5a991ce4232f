import DurableFiles
import Foundation
import SystemPackage
import Testing

@testable import Spool

/// Invariants 1, 2, 3 and 11, tried out: each step is killed, or refused, at each system call by which it changes
/// anything; then the next process recovers, and the job must be whole and in one place.
@Suite(.enabled(if: Tracer.isPossible, "strace is not installed, or may not attach to the tests"))
struct CrashTests {
  @Test(arguments: Step.allCases)
  func aJobSurvivesTheDeathOfItsProcessAtEachCall(_ step: Step) async throws {
    for call in [SystemCall.rename, .makeDirectory, .write, .synchronize] {
      var number = 0
      var outcome = Outcome.killed
      while outcome == .killed {
        number += 1
        let directory = try TemporarySpool()
        try step.prepare(directory)
        outcome = try await run(step, in: directory, call, number: number, fault: "signal=KILL")
        try recover(directory.spool)
        try check(directory, after: step, isDone: outcome != .killed, "killed before \(call) \(number)")
      }
      #expect(outcome == .untouched)
      // A step has none of these calls only where it makes no directory.
      #expect(number > 1 || call == .makeDirectory)
    }
  }

  /// A failing disk meets all steps; a full one those that treat it in a way of their own.
  @Test(arguments: Step.allCases.map { ($0, "EIO") } + [(.enqueue, "ENOSPC"), (.fail, "ENOSPC")])
  func aJobSurvivesARefusalOfEachCall(_ step: Step, _ error: String) async throws {
    for call in [SystemCall.rename, .open, .write, .synchronize] {
      var number = 0
      var outcome = Outcome.refused
      while outcome != .untouched {
        number += 1
        let directory = try TemporarySpool()
        try step.prepare(directory)
        outcome = try await run(step, in: directory, call, number: number, fault: "error=\(error)")
        #expect(outcome != .killed)
        if step == .enqueue && outcome == .refused {
          #expect(try directory.names(in: directory.layout.staging) == [], "after \(error) of \(call) \(number)")
        }
        try recover(directory.spool)
        try check(directory, after: step, isDone: outcome != .refused, "\(error) of \(call) \(number)")
      }
    }
  }

  /// What the next process does at its start.
  private func recover(_ spool: Spool) throws {
    try spool.emptyTrash()
    for adoption in try spool.interruptedAdoptions() { try spool.commit(adoption, sidecar: TemporarySpool.sidecar) }
    #expect(try spool.quarantineUnknown() == [])
    let owners = Set(try spool.list(.active).compactMap(Claim.init).map(\.owner))
    for owner in owners { try spool.reclaim(from: owner) }
  }

  private func check(_ directory: TemporarySpool, after step: Step, isDone: Bool, _ fault: String) throws {
    let (spool, layout) = (directory.spool, directory.layout)
    let jobs = try directory.jobs()
    let dropped = try spool.droppedFiles { _ in false }
    let places = jobs.values.joined().count + dropped.count
    switch step {
    case .enqueue: #expect(places <= 1, "\(fault)")
    case .adopt, .publish, .fail, .cancel: #expect(places == 1, "\(fault)")
    }
    if isDone { #expect(jobs.keys.first == step.goal, "\(fault)") }
    for (state, names) in jobs {
      for name in names { #expect(try spool.complaints(about: name, in: state) == [], "\(fault)") }
    }
    for name in jobs[.waiting] ?? [] {
      let job = layout.job(name, in: .waiting)
      let source = try Files.read(JobFiles.source(in: job), limit: 100)
      #expect(source == (step == .adopt ? Array("dropped".utf8) : TemporarySpool.source), "\(fault)")
      #expect(try spool.sidecar(in: job) == TemporarySpool.sidecar, "\(fault)")
    }
    for case .ended(let id, let attempt, let number) in jobs[.failed] ?? [] {
      let job = layout.job(.ended(id, attempt: attempt, number), in: .failed)
      // A full disk must not keep a job from ending, so that alone may cost the reason.
      let hasReason = try spool.failure(of: number, in: job) != nil
      #expect(hasReason || fault.hasPrefix("ENOSPC"), "\(fault)")
    }
    #expect(try directory.names(in: layout.corrupt) == [], "\(fault)")
  }
}

extension Step {
  /// Where the job is when the step has been done.
  fileprivate var goal: JobState {
    switch self {
    case .enqueue, .adopt: .waiting
    case .publish: .done
    case .fail, .cancel: .failed
    }
  }
}
