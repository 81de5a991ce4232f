import Foundation
import Spool
import Testing

@testable import Converter

@Suite struct ClaimQueueTests {
  let names = (0..<3).map { JobName.waiting(JobID(at: Date() + Double($0)), attempt: 0) }
  let now = ContinuousClock.now
  var queue = ClaimQueue()

  private func again(_ index: Int, attempt: Int = 1) -> JobName { .waiting(names[index].id, attempt: attempt) }

  @Test mutating func theOldestIsNext() {
    queue.listed(names)
    #expect((0..<4).map { _ in queue.next(at: now) } == names.map { .claim($0) } + [.nothing(until: nil)])
  }

  @Test mutating func aNewListingTakesTheOldOnesPlace() {
    queue.listed(names)
    queue.listed([names[2]])
    #expect(queue.next(at: now) == .claim(names[2]))
    #expect(queue.next(at: now) == .nothing(until: nil))
  }

  /// A job that comes later may have to be taken sooner; but a listing that took long must serve for long.
  @Test mutating func aListingIsGoodForATimeThatItsCostDecides() {
    #expect(!queue.isStale(at: now), "nothing is left of it")
    queue.listed(names, from: now, to: now)
    #expect(!queue.isStale(at: now + .milliseconds(4999)))
    #expect(queue.isStale(at: now + .seconds(5)))
    queue.listed(names, from: now, to: now + .seconds(1))
    #expect(!queue.isStale(at: now + .milliseconds(20_999)))
    #expect(queue.isStale(at: now + .seconds(21)))
    for _ in names { _ = queue.next(at: now) }
    #expect(!queue.isStale(at: now + .seconds(60)))
  }

  @Test mutating func aJobThatWasBegunBeforeIsAskedForItsPause() {
    queue.listed([again(0), names[1]])
    #expect(queue.next(at: now) == .askForPause(again(0)))
    queue.rest(again(0), for: .zero, from: now)
    #expect(queue.next(at: now) == .claim(again(0)))
  }

  @Test mutating func aRestingJobIsPassedOverUntilItHasRested() {
    queue.rest(again(0), for: .seconds(5), from: now)
    queue.listed([again(0), names[1]])
    #expect(queue.next(at: now + .milliseconds(4999)) == .claim(names[1]))
    #expect(queue.next(at: now) == .nothing(until: now + .seconds(5)))
    queue.listed([again(0)])
    #expect(queue.next(at: now + .seconds(5)) == .claim(again(0)))
  }

  @Test mutating func theFirstToHaveRestedIsTheOneToWakeFor() {
    queue.rest(again(0, attempt: 2), for: .seconds(20), from: now)
    queue.rest(again(1), for: .seconds(5), from: now)
    let waiting = [again(0, attempt: 2), again(1)]
    queue.listed(waiting)
    #expect(queue.next(at: now) == .nothing(until: now + .seconds(5)))
    queue.listed(waiting)
    #expect(queue.next(at: now + .seconds(6)) == .claim(again(1)))
    #expect(queue.next(at: now + .seconds(6)) == .nothing(until: now + .seconds(20)))
  }

  @Test mutating func whoseNameIsGoneIsForgotten() {
    queue.rest(again(0), for: .seconds(5), from: now)
    queue.listed([names[1]])
    queue.listed([again(0)])
    #expect(queue.next(at: now) == .askForPause(again(0)))
  }

  @Test mutating func afterALostRaceTheNextIsOneOfTheOldest() {
    queue.listed(names)
    queue.lostRace()
    #expect(queue.next(at: now, draw: { $0 - 1 }) == .claim(names[2]))
    #expect(queue.next(at: now, draw: { $0 - 1 }) == .claim(names[1]))
    queue.listed(names)
    #expect(queue.next(at: now, draw: { $0 - 1 }) == .claim(names[0]), "the races of an old listing are over")
  }

  @Test mutating func noLostRaceReachesBeyondTheOldestSixteen() {
    queue.listed((0..<100).map { .waiting(JobID(at: Date() + Double($0)), attempt: 0) })
    queue.lostRace()
    var bounds: [Int] = []
    for _ in 0..<100 {
      _ = queue.next(at: now) { bound in
        bounds.append(bound)
        return bound - 1
      }
    }
    #expect(bounds.max() == 16)
    #expect(bounds.count == 100)
  }
}

@Suite struct OrphanSearchTests {
  let directory: TemporarySpool

  init() throws { directory = try TemporarySpool() }

  @Test func aClaimIsAnOrphanAtTheSecondLook() throws {
    let claim = try directory.claimed()
    var search = OrphanSearch()
    #expect(search.look(at: [claim], running: []) == [])
    #expect(search.look(at: [claim], running: []) == [claim])
  }

  @Test func whatRunsIsNoOrphan() throws {
    let claim = try directory.claimed()
    var search = OrphanSearch()
    for _ in 0..<3 { #expect(search.look(at: [claim], running: [claim.number]) == []) }
    // It ran at the look before, so this look is the first.
    #expect(search.look(at: [claim], running: []) == [])
  }

  @Test func twoLooksInARowAreNeeded() throws {
    let claim = try directory.claimed()
    var search = OrphanSearch()
    for running in [[], [claim.number], [], [claim.number], []] as [Set<ClaimNumber>] {
      #expect(search.look(at: [claim], running: running) == [])
    }
    #expect(search.look(at: [], running: []) == [])
  }
}

@Suite struct WorkbenchTests {
  let directory: TemporarySpool

  init() throws { directory = try TemporarySpool() }

  @Test func slotsAreTakenAndGivenBack() throws {
    let bench = Workbench(slots: 2)
    let claims = [try directory.claimed(), try directory.claimed()]
    for claim in claims {
      #expect(bench.mayClaim())
      bench.begin(claim)
    }
    #expect(!bench.mayClaim())
    bench.end(claims[0])
    #expect(bench.mayClaim())
  }

  /// A host that was frozen once claimed a job under the name by which it had been declared dead meanwhile.
  @Test func whoseLastBeatIsOldClaimsNothingBeforeTheNext() {
    let bench = Workbench(slots: 1)
    let thawed = ContinuousClock.now + .seconds(15)
    #expect(bench.mayClaim(at: thawed - .seconds(5)))
    #expect(!bench.mayClaim(at: thawed))
    bench.beaten(at: thawed)
    #expect(bench.mayClaim(at: thawed + .seconds(14)))
  }

  /// The bell that rang before it is heard all the same.
  @Test func aClosedBenchClaimsNothing() async {
    let bench = Workbench(slots: 1)
    bench.close()
    for await _ in bench.bells { #expect(!bench.mayClaim()) }
    #expect(!bench.mayClaim())
  }

  @Test func manyRingsAreOne() async {
    let bench = Workbench(slots: 1)
    for _ in 0..<10 { bench.wake() }
    bench.close()
    var rings = 0
    for await _ in bench.bells { rings += 1 }
    #expect(rings == 1)
  }

  @Test func runningClaimsAreNoOrphans() throws {
    let bench = Workbench(slots: 1)
    let claim = try directory.claimed()
    bench.begin(claim)
    for _ in 0..<2 { #expect(bench.orphans(among: [claim]) == []) }
    bench.end(claim)
    #expect(bench.orphans(among: [claim]) == [])
    #expect(bench.orphans(among: [claim]) == [claim])
  }
}
