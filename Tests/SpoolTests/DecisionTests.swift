import Foundation
import SystemPackage
import Testing

@testable import DurableFiles
@testable import Spool

@Suite struct MoveTests {
  @Test func aRenameThatSaysDoneIsDone() {
    for witness in [Move.Witness.source, .target] {
      var move = Move(witness: witness)
      #expect(move.start() == .rename)
      #expect(move.renamed(successfully: true) == .finished(.moved))
    }
  }

  @Test func anErrorAloneDecidesNothing() {
    var move = Move(witness: .target)
    _ = move.start()
    #expect(move.renamed(successfully: false) == .look)
  }

  /// All eight answers of the file system: the witness, the source, the target, and what follows.
  @Test(arguments: [
    (Move.Witness.source, false, false, Move.Action.finished(.moved)),
    (.source, false, true, .finished(.moved)),
    (.source, true, false, .rename),
    (.source, true, true, .rename),
    (.target, false, true, .finished(.moved)),
    (.target, true, true, .finished(.moved)),
    (.target, true, false, .rename),
    (.target, false, false, .finished(.lost)),
  ])
  func theWitnessDecides(_ witness: Move.Witness, _ source: Bool, _ target: Bool, _ expected: Move.Action) {
    var move = Move(witness: witness)
    _ = move.start()
    #expect(move.looked(sourceExists: source, targetExists: target) == expected)
  }

  @Test func threeRenamesAreTriedAndNoMore() {
    var move = Move(witness: .target)
    var renames = 0
    var action = move.start()
    while action == .rename {
      renames += 1
      #expect(move.renamed(successfully: false) == .look)
      action = move.looked(sourceExists: true, targetExists: false)
    }
    #expect(action == .failed)
    #expect(renames == 3)
  }
}

@Suite struct VerdictTests {
  static let owner = Incarnation(hostName: "host", bootName: "boot")

  private func claim(_ attempt: Int) -> Claim { Claim(JobID(at: Date()), attempt: attempt, owner: Self.owner) }

  /// What becomes of a claim that failed for `failure`, after as many attempts that failed for `earlier`.
  private func isTriedAgain(_ failure: JobFailure, after earlier: [JobFailure]) -> Bool {
    let claim = claim(earlier.count)
    let verdict = Verdict.afterFailure(of: claim, failure, claim.number, earlier: earlier)
    let next = JobName.waiting(claim.id, attempt: claim.attempt + 1)
    #expect(verdict == .tryAgain(next) || verdict == .giveUp(claim.endedName))
    return verdict == .tryAgain(next)
  }

  @Test(arguments: [0, 1, 2, 3, 10])
  func aCertainFailureIsTheLast(_ count: Int) {
    #expect(!isTriedAgain(.hopeless, after: .failing(count, .unclear)))
    #expect(!isTriedAgain(.hopeless, after: .failing(count, .passing)))
  }

  @Test(arguments: [(0, true), (1, true), (2, false), (3, false), (10, false)])
  func aFailureWithoutACulpritIsTriedThreeTimes(_ count: Int, _ isTriedAgain: Bool) {
    #expect(self.isTriedAgain(.unclear, after: .failing(count, .unclear)) == isTriedAgain)
  }

  @Test(arguments: [(0, true), (10, true), (11, false), (50, false)])
  func aBadHostCostsTwelveAttempts(_ count: Int, _ isTriedAgain: Bool) {
    #expect(self.isTriedAgain(.passing, after: .failing(count, .passing)) == isTriedAgain)
  }

  @Test func aBadHostCostsNoneOfTheFilesOwnAttempts() {
    #expect(isTriedAgain(.unclear, after: .failing(9, .passing)))
    #expect(!isTriedAgain(.unclear, after: .failing(9, .passing) + .failing(2, .unclear, from: 9)))
  }

  @Test func attemptsAreBoundedWhereNoReasonCouldBeKept() {
    let verdicts = [98, 99].map { attempt in
      let claim = claim(attempt)
      return Verdict.afterFailure(of: claim, .passing, claim.number, earlier: []) == .giveUp(claim.endedName)
    }
    #expect(verdicts == [false, true])
  }

  @Test(arguments: [0, 2, 10])
  func whatIsGivenBackWaits(_ attempt: Int) {
    let claim = claim(attempt)
    #expect(Verdict.givenBack(claim) == .tryAgain(.waiting(claim.id, attempt: attempt + 1)))
  }

  private func pause(beforeAttempt attempt: Int, after failures: [JobFailure]) -> Double {
    Verdict.pause(before: .waiting(JobID(at: Date()), attempt: attempt), after: failures) / .seconds(1)
  }

  @Test func pausesGrowFourfoldUpToAnHour() {
    let pauses = (0...11).map { pause(beforeAttempt: $0, after: .failing($0, .passing)) }
    #expect(pauses == [0, 5, 20, 80, 320, 1280, 3600, 3600, 3600, 3600, 3600, 3600])
    #expect(Verdict.pause(afterFailures: .max) == .seconds(3600))
  }

  @Test func whatWasGivenBackDoesNotRest() {
    #expect(pause(beforeAttempt: 3, after: .failing(2, .unclear)) == 0)
    #expect(pause(beforeAttempt: 4, after: .failing(2, .unclear) + .failing(1, .unclear, from: 3)) == 0)
  }

  @Test func whatAPersonTriesAgainDoesNotRest() {
    #expect(pause(beforeAttempt: 1, after: .failing(1, .hopeless)) == 0)
    #expect(pause(beforeAttempt: 3, after: .failing(3, .unclear)) == 0)
    #expect(pause(beforeAttempt: 12, after: .failing(12, .passing)) == 0)
  }
}

extension [JobFailure] {
  /// So many attempts in a row that failed for the same reason.
  fileprivate static func failing(_ count: Int, _ failure: JobFailure, from first: Int = 0) -> [JobFailure] {
    (first..<first + count).map { attempt in
      var failure = failure
      failure.attempt = attempt
      return failure
    }
  }
}

@Suite struct DropSettlingTests {
  let start = ContinuousClock.now

  private func status(size: Int64 = 1, modified: Int = 0, inode: UInt64 = 1) -> FileStatus {
    FileStatus(
      kind: .file, size: size, modified: .seconds(modified), changed: .zero, inode: inode, device: 1, linkCount: 1,
      owner: 0)
  }

  /// Looks at times in seconds, and says which of them found the file complete.
  private func looks(_ times: [Double], _ file: (Int) -> FileStatus) -> [Bool] {
    var settling = DropSettling(settleTime: .seconds(2))
    return times.enumerated().map {
      settling.isComplete("video.mp4", file($0.offset), at: start + .seconds($0.element))
    }
  }

  @Test func threeLooksOverTheSettleTimeAreEnough() {
    #expect(looks([0, 1, 2]) { _ in status() } == [false, false, true])
  }

  @Test func twoLooksAreNotEnoughHoweverLate() { #expect(looks([0, 100]) { _ in status() } == [false, false]) }

  @Test func manyLooksInAMomentAreNotEnough() {
    #expect(looks([0, 0.1, 0.2, 0.3, 1.9, 2]) { _ in status() } == [false, false, false, false, false, true])
  }

  @Test func anyChangeBeginsAnew() {
    let changes: [FileStatus] = [status(size: 2), status(modified: 1), status(inode: 2)]
    for change in changes {
      let seen = looks([0, 1, 2, 3, 4]) { $0 < 2 ? status() : change }
      #expect(seen == [false, false, false, false, true])
    }
  }

  @Test func aNameThatWentIsForgotten() {
    var settling = DropSettling(settleTime: .zero)
    _ = settling.isComplete("video.mp4", status(), at: start)
    #expect(settling.isWaiting)
    settling.keep(["other.mp4"])
    #expect(!settling.isWaiting)
  }

  @Test func namesThatReadAlikeAreDifferentFiles() throws {
    let composed: FilePath.Component = "\u{E9}.mp4"
    let decomposed: FilePath.Component = "e\u{301}.mp4"
    let notText = [CChar](arrayLiteral: 0x61, -1, 0)
    let notTextEither = [CChar](arrayLiteral: 0x61, -2, 0)
    let names = [
      composed, decomposed, try #require(FilePath.Component(platformString: notText)),
      try #require(FilePath.Component(platformString: notTextEither)),
    ]
    var settling = DropSettling(settleTime: .seconds(2))
    let seen = [0, 1, 2].map { second in
      names.enumerated().map { index, name in
        settling.isComplete(name, status(inode: UInt64(index)), at: start + .seconds(second))
      }
    }
    #expect(seen.last == [true, true, true, true])
  }
}
