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

  @Test(arguments: [0, 1, 2, 3, 10])
  func aCertainFailureIsTheLast(_ attempt: Int) {
    let claim = claim(attempt)
    #expect(Verdict.afterFailure(of: claim, isCertain: true) == .giveUp(claim.endedName))
  }

  @Test(arguments: [(0, true), (1, true), (2, false), (3, false), (10, false)])
  func aPassingFailureIsTriedThreeTimes(_ attempt: Int, _ isTriedAgain: Bool) {
    let claim = claim(attempt)
    let verdict = Verdict.afterFailure(of: claim, isCertain: false)
    #expect(
      verdict == (isTriedAgain ? .tryAgain(.waiting(claim.id, attempt: attempt + 1)) : .giveUp(claim.endedName)))
  }

  @Test(arguments: [0, 2, 10])
  func whatIsGivenBackWaits(_ attempt: Int) {
    let claim = claim(attempt)
    #expect(Verdict.givenBack(claim) == .tryAgain(.waiting(claim.id, attempt: attempt + 1)))
  }

  @Test func pausesGrowFourfoldUpToAnHour() {
    let seconds = [-1, 0, 1, 2, 3, 4, 5, 6, 7, 100, .max].map { Verdict.pause(beforeAttempt: $0) / .seconds(1) }
    #expect(seconds == [0, 0, 5, 20, 80, 320, 1280, 3600, 3600, 3600, 3600])
  }
}

@Suite struct DropSettlingTests {
  let start = ContinuousClock.now

  private func status(size: Int64 = 1, modified: Int = 0, inode: UInt64 = 1) -> FileStatus {
    FileStatus(kind: .file, size: size, modified: .seconds(modified), inode: inode, device: 1, linkCount: 1)
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
