import DurableFiles
import Spool
import Testing

@testable import Keeper

@Suite struct PollRoundsTests {
  private let start = ContinuousClock.now
  private var rounds = PollRounds()

  private func times(_ changes: [JobState: Int] = [:]) -> [JobState: DirectoryTimes] {
    Dictionary(
      uniqueKeysWithValues: JobState.allCases.map {
        let time = Duration.seconds(changes[$0] ?? 0)
        return ($0, DirectoryTimes(modified: time, changed: time, linkCount: 2))
      })
  }

  @Test mutating func everythingIsScannedEveryHalfMinute() {
    let scans = (0..<100).filter { rounds.mustScanAll(at: start + .seconds($0)) }
    #expect(scans == [0, 30, 60, 90])
  }

  @Test mutating func onlyWhatChangedIsListed() {
    for second in 0..<2 { _ = rounds.mustList(times(), at: start + .seconds(second)) }
    #expect(rounds.mustList(times(), at: start + .seconds(2)) == [])
    let changed = times([.waiting: 1, .active: 1])
    #expect(rounds.mustList(changed, at: start + .seconds(3)) == [.waiting, .active])
    // Once more, since a change within the same tick of the clock looks like none.
    #expect(rounds.mustList(changed, at: start + .seconds(4)) == [.waiting, .active])
    #expect(rounds.mustList(changed, at: start + .seconds(5)) == [])
  }

  @Test func roundsTakeAFifthOfTheTime() {
    #expect(PollRounds().pause(after: .seconds(5)) == .seconds(20))
  }

  @Test func aRoundThatWaitedForTheServerDelaysTheNextByHalfAMinuteAtMost() {
    #expect(PollRounds().pause(after: .seconds(90)) == .seconds(30))
  }
}
