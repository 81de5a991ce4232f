import Testing

@testable import Spool

@Suite struct SeatWatchTests {
  private let other = Incarnation(hostName: "a", bootName: "b")
  private let start = ContinuousClock.now

  /// Looks once a second at what `lease` says, and gives the second and the decision that is no waiting.
  private func outcome(
    quick: Bool = true, every pause: Double = 1, lasting seconds: Double = 120, ended: Bool = false,
    _ leases: (Double) -> [Lease]
  ) -> (second: Double, decision: SeatWatch.Decision)? {
    var watch = SeatWatch()
    for second in stride(from: 0, through: seconds, by: pause) {
      let begin = start + .seconds(second)
      let decision = watch.saw(leases(second), from: begin, to: begin + .seconds(quick ? 0.1 : 3)) { _ in ended }
      if decision != .wait { return (second, decision) }
    }
    return nil
  }

  @Test func anEmptySeatIsTakenAtOnce() {
    #expect(outcome { _ in [] }! == (0, .sit))
    #expect(outcome { _ in [Lease(other, count: 3, isDead: true)] }! == (0, .sit))
  }

  @Test func whoBeatsKeepsTheSeat() {
    let found = outcome { [Lease(other, count: Int($0 / 5))] }
    #expect(found! == (5, .isTaken(by: Lease(other, count: 1))))
  }

  @Test func whoIsSilentForTwentySecondsLosesIt() {
    #expect(outcome { _ in [Lease(other, count: 7)] }! == (20, .declareDead(Lease(other, count: 7))))
  }

  @Test func whoseProcessHasEndedLosesItAtOnce() {
    #expect(outcome(ended: true) { _ in [Lease(other, count: 7)] }! == (0, .declareDead(Lease(other, count: 7))))
  }

  @Test func aSlowOrAbsentServerIsNobodysDeath() {
    #expect(outcome(quick: false) { _ in [Lease(other, count: 7)] } == nil)
    #expect(outcome(every: 6) { _ in [Lease(other, count: 7)] } == nil)
  }

  @Test func whoLeavesMeanwhileLeavesASeat() {
    #expect(outcome { $0 < 3 ? [Lease(other, count: 7)] : [] }! == (3, .sit))
  }

  @Test func ofTwoThatBeginTogetherOneYields() {
    let second = Incarnation(hostName: "c", bootName: "d")
    let leases = [Lease(other, count: 0), Lease(second, count: 0)]
    #expect(leases.filter { SeatWatch.mustYield($0, to: leases) }.count == 1)
    // Who sits already stays, whatever its name.
    for (sitting, new) in [(other, second), (second, other)] {
      let leases = [Lease(sitting, count: 4), Lease(new, count: 0)]
      #expect(leases.filter { SeatWatch.mustYield($0, to: leases) } == [Lease(new, count: 0)])
    }
    #expect(
      !SeatWatch.mustYield(Lease(other, count: 0), to: [Lease(other, count: 0), Lease(second, count: 9, isDead: true)]))
  }
}

@Suite struct GatewayLeaseTests {
  let directory: TemporarySpool

  init() throws { directory = try TemporarySpool() }

  @Test func gatewaysAndConvertersHaveLeasesOfTheirOwn() throws {
    let spool = directory.spool
    let life = Incarnation.here()
    let lease = try #require(try spool.beat(spool.register(life, as: .gateway), as: .gateway))
    #expect(try spool.leases(.gateway) == [lease] && spool.leases() == [])
    #expect(spool.record(of: lease, as: .gateway)?.processID == HostRecord.current().processID)
    #expect(try spool.declareDead(lease, as: .gateway))
    #expect(try spool.beat(lease, as: .gateway) == nil)
    for dead in try spool.leases(.gateway) { try spool.forget(dead, as: .gateway) }
    #expect(try spool.leases(.gateway) == [] && spool.beat(lease, as: .gateway) == nil)
  }
}
