import Foundation
import Testing

@testable import Spool

/// What the watcher concludes from looks at other hosts, all times given.
@Suite struct HostWatchTests {
  private let own = Incarnation(hostName: "own", bootName: "own")
  private let other = Incarnation(hostName: "other", bootName: "other")
  private let start = ContinuousClock.now

  /// What looks at these seconds make the watcher do, by the second of the look.
  private func actions(
    looks times: [Double], took: Double = 0.01, ended: Set<Incarnation> = [], _ sight: (Double) -> HostSighting
  ) -> [Double: [HostWatch.Action]] {
    var watch = HostWatch(own: own)
    var found: [Double: [HostWatch.Action]] = [:]
    for time in times {
      let begin = start + .seconds(time)
      let actions = watch.saw(sight(time), from: begin, to: begin + .seconds(took), hasEnded: ended.contains)
      if !actions.isEmpty { found[time] = actions }
    }
    return found
  }

  private func lease(_ count: Int = 7) -> Lease { Lease(other, count: count) }
  private func claim(of owner: Incarnation) -> Claim { Claim(JobID(at: Date()), attempt: 0, owner: owner) }
  private func sighting(_ leases: [Lease], owners: [Incarnation] = []) -> HostSighting {
    HostSighting(leases: leases, claims: owners.map(claim))
  }

  private let everyFive = Array(stride(from: 0.0, through: 120, by: 5))

  @Test func whoGivesNoSignForAMinuteIsDeclaredDead() {
    let actions = actions(looks: Array(everyFive.prefix { $0 <= 60 })) { _ in sighting([lease()]) }
    #expect(actions == [60: [.declareDead(lease())]])
  }

  @Test func tenLooksAreNeededHoweverLongTheyTake() {
    // At 14 s each a minute has gone by at the sixth look.
    let actions = actions(looks: stride(from: 0.0, through: 140, by: 14).map { $0 }) { _ in sighting([lease()]) }
    #expect(actions.keys.min() == 126)
  }

  @Test func aMinuteIsNeededHoweverManyTheLooks() {
    let actions = actions(looks: stride(from: 0.0, through: 60, by: 0.5).map { $0 }) { _ in sighting([lease()]) }
    #expect(actions.keys.min() == 60)
  }

  @Test func whoBeatsIsNeverDeclaredDead() {
    let actions = actions(looks: everyFive) { sighting([lease(Int($0 / 5))], owners: [other]) }
    #expect(actions.isEmpty)
  }

  /// Rule R6: hosts' clocks are not compared. One that runs five times as fast as the other's, either way, must do no harm.
  @Test(arguments: [0.2, 0.9, 1, 1.1, 5], [0.0, 1.3, 4.9])
  func aFastOrSlowClockMakesNobodyDead(_ pace: Double, _ phase: Double) {
    // In the watcher's seconds, the other beats every five of its own.
    let actions = actions(looks: stride(from: 0.0, through: 3600, by: 5).map { $0 }) {
      sighting([lease(Int(($0 + phase) / (5 * pace)))], owners: [other])
    }
    #expect(actions.isEmpty)
  }

  @Test func anOutageIsNobodysDeath() {
    let times = Array(stride(from: 0.0, through: 55, by: 5)) + [75] + Array(stride(from: 80, through: 134, by: 5))
    #expect(actions(looks: times) { _ in sighting([lease()]) }.isEmpty)
    let later = times + [135.0]
    #expect(actions(looks: later) { _ in sighting([lease()]) }.keys.min() == 135)
  }

  @Test func slowLooksDoNotCount() {
    #expect(actions(looks: everyFive, took: 2) { _ in sighting([lease()]) }.isEmpty)
    #expect(!actions(looks: everyFive, took: 1.9) { _ in sighting([lease()]) }.isEmpty)
  }

  @Test func aSlowLookBeginsAllWindowsAnew() {
    var watch = HostWatch(own: own)
    var first: Double?
    for time in stride(from: 0.0, through: 200, by: 5) where first == nil {
      let begin = start + .seconds(time)
      let end = begin + .seconds(time == 50 ? 3 : 0.01)
      if !watch.saw(sighting([lease()]), from: begin, to: end, hasEnded: { _ in false }).isEmpty { first = time }
    }
    #expect(first == 115)
  }

  @Test func whatADeadOneOwnsIsTakenBackAtOnce() {
    let actions = actions(looks: [0]) { _ in sighting([lease().dead], owners: [other]) }
    #expect(actions == [0: [.takeBack(other)]])
  }

  @Test func aDeadLeaseIsForgottenAfterAMinuteWithoutClaims() {
    let actions = actions(looks: Array(everyFive.prefix { $0 <= 90 })) {
      sighting([lease().dead], owners: $0 < 20 ? [other] : [])
    }
    #expect(actions.filter { $0.key < 20 }.values.allSatisfy { $0 == [.takeBack(other)] })
    #expect(
      actions.filter { $0.key >= 20 } == [
        80: [.forget(lease().dead)], 85: [.forget(lease().dead)], 90: [.forget(lease().dead)],
      ])
  }

  @Test func aProcessThatEndedIsTakenBackAndForgottenAtOnce() {
    let actions = actions(looks: [0, 5], ended: [other]) { sighting([lease()], owners: $0 == 0 ? [other] : []) }
    #expect(actions == [0: [.takeBack(other)], 5: [.forget(lease())]])
  }

  @Test func claimsOfOneWithoutALeaseAreTakenBackAfterAMinute() {
    let actions = actions(looks: Array(everyFive.prefix { $0 <= 60 })) { _ in sighting([], owners: [other]) }
    #expect(actions == [60: [.takeBack(other)]])
  }

  /// A listing during a beat's rename may show neither name.
  @Test func aLeaseThatOneListingMissedIsNotMissed() {
    let actions = actions(looks: everyFive) {
      sighting($0.truncatingRemainder(dividingBy: 50) == 0 ? [] : [lease(Int($0 / 5))], owners: [other])
    }
    #expect(actions.isEmpty)
  }

  @Test func ownLeaseAndClaimsAreNotWatched() {
    #expect(actions(looks: everyFive) { _ in sighting([Lease(own, count: 0)], owners: [own]) }.isEmpty)
  }
}
