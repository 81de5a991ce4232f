import Catalog
import Foundation
import Spool
import Testing
import WireFormats

@testable import Keeper

@Suite struct FairShareTests {
  let house: TemporaryHouse
  let fairShare: FairShare

  init() throws {
    house = try TemporaryHouse()
    fairShare = FairShare(catalog: house.catalog)
  }

  /// A job of `owner` that waits from now on.
  @discardableResult private func send(_ owner: String) async throws -> JobID {
    try await fairShare.withNewID(for: owner) { id in
      try await house.catalog.upsert(
        JobRecord(
          id: id, state: .waiting, attempt: 0, owner: owner, name: "video.mp4", size: 1, options: .init(),
          origin: .upload, submittedAt: Date(), directory: "\(id).0"))
      return id
    }
  }

  @Test func thousandJobsOfOneDoNotKeepAnothersWaiting() async throws {
    var many: [JobID] = []
    for _ in 0..<50 { many.append(try await send("many")) }
    #expect(many == many.sorted(), "an owner's own jobs keep their order")
    let single = try await send("single")
    #expect((many + [single]).sorted().firstIndex(of: single) == 1)
    let (second, third) = (try await send("single"), try await send("third"))
    #expect((many + [single, second, third]).sorted().firstIndex(of: third) == 2)
    #expect((many + [single, second, third]).sorted().firstIndex(of: second) == 4)
  }

  @Test func whoHasNothingWaitingHasTheNextTurn() async throws {
    let first = try await send("ann")
    try await house.catalog.expire(first)
    let next = try await send("ann")
    #expect(abs(next.time.timeIntervalSinceNow) < FairShare.spacing / 2)
  }

  /// The keeper leaves a job to whoever is making it.
  @Test func anIdIsGivenForAsLongAsItsJobIsMade() async throws {
    let id = try await fairShare.withNewID(for: "ann") { id in
      #expect(fairShare.isGiven(id))
      #expect(!fairShare.isGiven(JobID(at: id.time)))
      return id
    }
    #expect(!fairShare.isGiven(id))
  }

  /// Uploads of one owner that come together take turns of their own, though none of them is in the index yet.
  @Test func jobsThatComeTogetherDoNotShareATurn() async throws {
    let ids = try await fairShare.withNewID(for: "ann") { first in
      try await fairShare.withNewID(for: "ann") { second in
        [first, second, try await fairShare.withNewID(for: "bob") { $0 }]
      }
    }
    #expect(ids.sorted() == [ids[0], ids[2], ids[1]])
    #expect(ids[1].time.timeIntervalSince(ids[0].time) >= FairShare.spacing - 1)
    #expect(!ids.contains(where: fairShare.isGiven))
    // What was given up leaves no turn behind.
    struct GivenUp: Error {}
    await #expect(throws: GivenUp.self) { try await fairShare.withNewID(for: "ann") { _ in throw GivenUp() } }
    #expect(abs(try await send("ann").time.timeIntervalSinceNow) < FairShare.spacing / 2)
  }

  @Test func anIDTellsItsTime() {
    let time = Date(timeIntervalSince1970: 1_800_000_000.125)
    #expect(JobID(at: time).time == time)
  }
}
