import Foundation
import Spool
import Testing

@testable import Converter

@Suite struct ClaimQueueTests {
  let names = (0..<3).map { JobName.waiting(JobID(at: Date() + Double($0)), attempt: 0) }
  let now = ContinuousClock.now
  var queue = ClaimQueue()

  @Test mutating func theOldestIsNext() {
    queue.listed(names)
    #expect((0..<4).map { _ in queue.next(at: now) } == names + [nil])
  }

  @Test mutating func aNewListingTakesTheOldOnesPlace() {
    queue.listed(names)
    queue.listed([names[2]])
    #expect(queue.next(at: now) == names[2])
    #expect(queue.next(at: now) == nil)
  }

  @Test mutating func aRestingJobIsPassedOverUntilItHasRested() {
    let second = JobName.waiting(names[0].id, attempt: 1)
    queue.rest(second, from: now)
    queue.listed([second, names[1]])
    #expect(queue.next(at: now + .milliseconds(4999)) == names[1])
    #expect(queue.next(at: now) == nil)
    queue.listed([second])
    #expect(queue.next(at: now + .seconds(5)) == second)
  }

  @Test mutating func eachJobRestsByItself() {
    queue.rest(.waiting(names[0].id, attempt: 2), from: now)
    queue.rest(.waiting(names[1].id, attempt: 1), from: now)
    let waiting = [JobName.waiting(names[0].id, attempt: 2), .waiting(names[1].id, attempt: 1)]
    queue.listed(waiting)
    #expect(queue.next(at: now + .seconds(6)) == waiting[1])
    queue.listed(waiting)
    #expect(queue.next(at: now + .seconds(20)) == waiting[0])
  }

  @Test mutating func aListingFromBeforeTheJobsReturnDoesNotEndItsRest() {
    let second = JobName.waiting(names[0].id, attempt: 1)
    queue.rest(second, from: now)
    queue.listed([names[1]])
    queue.listed([second])
    #expect(queue.next(at: now) == nil)
  }

  @Test mutating func aJobThatIsWorkedOnIsNotClaimedAgain() {
    let second = JobName.waiting(names[0].id, attempt: 1)
    queue.begin(second.id)
    queue.listed([second])
    #expect(queue.next(at: now) == nil)
    queue.end(second.id)
    queue.listed([second])
    #expect(queue.next(at: now) == second)
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
      #expect(bench.hasFreeSlot)
      bench.begin(claim)
    }
    #expect(!bench.hasFreeSlot)
    bench.end(claims[0])
    #expect(bench.hasFreeSlot)
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
