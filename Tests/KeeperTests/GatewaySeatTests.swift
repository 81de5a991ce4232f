import Keeper
import Testing

@testable import Spool

@Suite struct GatewaySeatTests {
  private let house: TemporaryHouse

  init() throws { house = try TemporaryHouse() }

  /// Others that were cut short with it may be at work in the spool yet, and so may nobody take the place.
  @Test func whoIsCutShortDoesNotGiveItsLeaseBack() async throws {
    let seat = try await GatewaySeat(taking: house.spool, isLocal: true, version: "1.0.0", logger: .silent)
    let run = Task { try await seat.run() }
    run.cancel()
    try await run.value
    #expect(try house.spool.leases(.gateway).count == 1)
  }
}
