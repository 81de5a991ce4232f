import DurableFiles
import Foundation
import Glibc
import SystemPackage
import Testing

@testable import EndToEndTests
@testable import Spool
@testable import SpoolTests
@testable import SpoolTrials

/// Invariants 2, 5 and 12, tried out: an owner is stopped before each of its calls from claim to publish, long enough
/// for others to take its job for an orphan and finish it. Then it goes on.
@Suite struct ZombieTests {
  @Test func anOwnerThatWakesUpTooLateChangesNothing() async throws {
    let points = try await Step.convert.points()
    var late = 0
    for point in points {
      late += try await wake(lateAt: Fault(kind: .stop, point: point)) == .lost ? 1 : 0
      Tally.count(.zombie, of: Step.convert.rawValue)
    }
    // From its first look at the waiting jobs to its last call before the commit.
    #expect(late > points.count / 2)
  }

  private func wake(lateAt fault: Fault) async throws -> Report {
    let ground = try Ground()
    try Step.convert.prepare(ground)
    let zombie = try ground.start(.convert, fault)
    guard await zombie.stops() else { throw Disappointment(description: "\(fault): \(await zombie.outcome())") }
    let published = try ground.spool.list(.done)
    try ground.finish()
    let before = try ground.directory.everything()
    let winner = try #require(try ground.spool.list(.done).first)
    zombie.send(SIGCONT)
    let report = try Report(await zombie.outcome())
    #expect(report == (published.isEmpty ? .lost : .done("\(winner)")), "\(fault)")
    #expect(try ground.directory.jobs() == [.done: [winner]], "\(fault)")
    let after = try ground.directory.everything()
    let changed = Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }
    #expect(changed.filter { !isOwnOutput($0, unlike: winner) } == [], "\(fault)")
    try ground.expectWhole("after \(fault)")
    return report
  }

  /// Does the path lie in an `a.N/` that is not the winner's?
  private func isOwnOutput(_ path: FilePath, unlike winner: JobName) -> Bool {
    guard case .ended(_, _, let number) = winner else { return false }
    return path.components.contains { $0.string.hasPrefix("a.") && $0.string != "a.\(number)" }
  }
}

extension Command {
  /// Waits until the process is stopped by a signal; false where it ends instead.
  func stops() async -> Bool {
    let process = id_t(process.processIdentifier)
    return await BlockingThreads.run {
      var news = unsafe siginfo_t()
      // WNOWAIT: the end is for whoever started it to see.
      while unsafe waitid(P_PID, process, &news, WSTOPPED | WEXITED | WNOWAIT) != 0 {
        if errno != EINTR { return false }
      }
      return unsafe news.si_code == CInt(CLD_STOPPED)
    }
  }
}
