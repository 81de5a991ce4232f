import DurableFiles
import Foundation
import Glibc
import SystemPackage
import Testing

@testable import EndToEndTests
@testable import Spool
@testable import SpoolTests
@testable import SpoolTrials

/// One step that meets with one fault, and all that follows: recovery, the step once more, and the job's end.
struct StepTrial {
  private let step: Step
  private let fault: Fault?
  private let shortage: Shortage?
  private let ground: Ground

  /// - Parameter shortage: what there is no more of from the moment on at which the fault stops the step.
  init(_ step: Step, _ fault: Fault? = nil, shortage: Shortage? = nil) throws {
    (self.step, self.fault, self.shortage) = (step, fault, shortage)
    ground = try Ground(in: shortage?.disk.path ?? Ground.quickPlace)
    try step.prepare(ground)
  }

  private var story: String {
    "\(step) with \(fault.map(String.init) ?? "no fault")\(shortage.map { ", without \($0)" } ?? "")"
  }

  func run() async throws {
    var history = History()
    var known = Set(try ground.directory.jobs().values.joined().map(\.id))
    try history.note(ground)
    let report = try await takeFaulted()
    known.formUnion(report.acknowledged(by: step))
    try history.note(ground)
    let began = ContinuousClock.now
    try ground.recover()
    #expect(ContinuousClock.now - began < .seconds(10), "\(story)")
    try history.note(ground)
    try expectNothingLost(known, after: report)
    let second = try await ground.take(step)
    #expect(!second.isTroubled, "again after \(story): \(second)")
    known.formUnion(second.acknowledged(by: step))
    try history.note(ground)
    try ground.finish()
    try history.note(ground)
    #expect(history.recurring == [], "\(story)")
    try expectAllEnded(known, isSure: report.isDone)
  }

  /// Takes the step with the fault, and expects that what it reports is so.
  private func takeFaulted() async throws -> Report {
    let report = try await take()
    if let fault {
      #expect(try ground.points().count >= fault.point.number, "\(story) never came there")
      #expect((report == .killed) == (fault.kind == .kill), "\(story): \(report)")
      // Done is done, whatever the answer says.
      #expect(report.isDone || fault.kind != .lost, "\(story): \(report)")
    } else {
      #expect(report.isDone, "\(story): \(report)")
    }
    switch report {
    case .done(let word): #expect(try ground.isDone(step, word), "\(story) said that it had done '\(word)'")
    case .lost: Issue.record("\(story) said that the job was lost to somebody else, but there was nobody")
    case .refused(let sentence): #expect(sentence.split(separator: "\n").count == 1, "\(story): \(sentence)")
    case .killed: break
    }
    return report
  }

  /// With a shortage it is stopped at its fault, goes on when there is no room, and has ended when there is room again.
  private func take() async throws -> Report {
    guard let shortage else { return try await ground.take(step, fault) }
    let process = try ground.start(step, fault)
    guard await process.stops() else { throw Disappointment(description: "\(story): \(await process.outcome())") }
    try shortage.begin()
    process.send(SIGCONT)
    let outcome = await process.outcome()
    try ground.expectWhole("on the full disk, after \(story)")
    try shortage.end()
    return try Report(outcome)
  }

  private func expectNothingLost(_ known: Set<JobID>, after report: Report) throws {
    try ground.expectWhole("after \(story)")
    let present = Set(try ground.directory.jobs().values.joined().map(\.id))
    if step != .clean { #expect(known.subtracting(present) == [], "\(story) lost a job") }
    let dropped = try ground.spool.droppedFiles { _ in false }
    if step == .adopt { #expect(present.count + dropped.count == 1, "\(story)") }
    // A job that nobody acknowledged may be there or not; a second one never.
    #expect(
      present.subtracting(known).count <= ([.enqueue, .resume, .adopt, .recover].contains(step) ? 1 : 0), "\(story)")
    #expect(try ground.directory.names(in: ground.layout.trash) == [], "\(story)")
    if case .refused = report {
      #expect(try ground.directory.names(in: ground.layout.staging) == [], "\(story) left what it had staged")
    }
  }

  private func expectAllEnded(_ known: Set<JobID>, isSure: Bool) throws {
    try ground.expectWhole("at the end of \(story)")
    let jobs = try ground.directory.jobs()
    let ended = (jobs[.done] ?? []) + (step.mayFail ? jobs[.failed] ?? [] : [])
    #expect(Set(jobs.values.joined()) == Set(ended), "\(story) left jobs that have not ended")
    if step != .clean { #expect(known.subtracting(ended.map(\.id)) == [], "\(story) lost a job") }
    if step == .clean { #expect(jobs == [:], "\(story)") }
    #expect(try ground.exports() == (step == .export ? [Step.exported] : []), "\(story)")
    #expect(try ground.spool.droppedFiles { _ in false }.count == 0, "\(story)")
  }
}

extension Report {
  /// The job that is promised by this.
  fileprivate func acknowledged(by step: Step) -> Set<JobID> {
    guard case .done(let word) = self, [.enqueue, .resume, .adopt].contains(step), let id = JobID(word) else {
      return []
    }
    return [id]
  }

  fileprivate var isTroubled: Bool {
    switch self {
    case .done, .lost: false
    case .refused, .killed: true
    }
  }
}

extension Ground {
  /// Is it so what the step said that it had done?
  fileprivate func isDone(_ step: Step, _ word: String) throws -> Bool {
    let jobs = try directory.jobs()
    func has(_ state: JobState) -> Bool { jobs[state] != nil }
    switch step {
    case .open, .clock, .recover: return true
    case .keys: return try spool.publishedKeys() == Array("{}".utf8)
    case .register:
      let lease = try spool.leases().first { $0.incarnation.description == word }
      return lease.flatMap { spool.record(of: $0) } != nil
    case .beat: return try spool.leases().contains { $0.count == 1 && !$0.isDead }
    case .declareDead: return try spool.leases().map(\.isDead) == [true]
    case .enqueue, .resume, .adopt: return jobs[.waiting]?.map(\.id.description) == [word]
    case .claim: return try spool.list(.active).compactMap(Claim.init).map(\.number.description) == [word]
    case .publish, .convert, .fail, .giveBack, .list: return jobs.values.joined().map(\.description) == [word]
    case .reclaim: return word == "1" && has(.waiting)
    case .export: return try exports() == [word]
    case .clean: return try !has(.done) && exports().isEmpty
    case .cancel: return has(.failed)
    case .retry: return has(.waiting)
    }
  }
}
