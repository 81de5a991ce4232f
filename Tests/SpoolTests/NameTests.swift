import Foundation
import Testing

@testable import Spool

@Suite struct JobIDTests {
  @Test func idsSortByTheTimeOfTheirMaking() {
    let times = (0..<1000).map { Date(timeIntervalSince1970: 1_700_000_000 + Double($0) * 0.002) }
    let ids = times.map(JobID.init(at:))
    #expect(ids == ids.sorted())
  }

  @Test func theFirstTenCharactersAreTheTime() {
    // The example of github.com/ulid/javascript.
    let id = JobID(at: Date(timeIntervalSince1970: 1_469_918_176.3855))
    #expect(id.description.hasPrefix("01ARYZ6S41"))
  }

  @Test func idsOfOneMomentDiffer() {
    let now = Date()
    #expect(Set((0..<20_000).map { _ in JobID(at: now) }).count == 20_000)
  }

  @Test func timesThatNoClockShowsStillGiveAnID() {
    for time in [Date.distantPast, .distantFuture, Date(timeIntervalSince1970: 0)] {
      let id = JobID(at: time)
      #expect(JobID(id.description) == id)
    }
  }

  @Test func anIDHasOneSpelling() throws {
    let id = JobID(at: Date())
    #expect(JobID(id.description) == id)
    let inJSON = try JSONEncoder().encode([id])
    #expect(try JSONDecoder().decode([JobID].self, from: inJSON) == [id])
  }

  @Test(arguments: [
    "", "0", "01ARYZ6S41TSV4RRFFQ69G5FA", "01ARYZ6S41TSV4RRFFQ69G5FAVV", "01aryz6s41tsv4rrffq69g5fav",
    "81ARYZ6S41TSV4RRFFQ69G5FAV", "01ARYZ6S41TSV4RRFFQ69G5FAI", "01ARYZ6S41TSV4RRFFQ69G5FAL",
    "01ARYZ6S41TSV4RRFFQ69G5FAO", "01ARYZ6S41TSV4RRFFQ69G5FAU", "01ARYZ6S41TSV4RRFFQ69G5F/.",
    "０1ARYZ6S41TSV4RRFFQ69G5FA",
  ])
  func whatIsNoULIDIsNoID(_ text: String) {
    #expect(JobID(text) == nil)
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode([JobID].self, from: JSONEncoder().encode([text]))
    }
  }
}

@Suite struct NameTests {
  static let id = JobID(at: Date())
  static let owner = Incarnation(hostName: "host", bootName: "boot")
  static let number = ClaimNumber()

  @Test(arguments: [
    JobName.waiting(id, attempt: 0), .waiting(id, attempt: 17), .owned(id, attempt: 2, by: owner, number),
    .ended(id, attempt: 0, number), .ended(id, attempt: 999_999, number),
  ])
  func everyShapeParsesBack(_ name: JobName) {
    #expect(JobName(name.description) == name)
    #expect(name.id == Self.id)
  }

  @Test(arguments: [
    "", ".", "video.mp4", "\(id)", "\(id).", "\(id).-1", "\(id).+1", "\(id).00", "\(id).1 ", "\(id).٣",
    "\(id).99999999999999999999", "\(id).\(Int.max)", "\(id).1000000", "\(id).0.", "\(id).0.\(number).",
    "\(id).0.\(number)0", "\(id)..\(number)",
    "\(id).0.\(number.description.uppercased())x", "\(id).0.0123456789ABCDEF", "\(id).0.\(owner)",
    "\(id).0.\(owner).\(number).x", "\(id).0.\(number).\(owner)", "\(id).0.a-b-c.\(number)",
    "\(id).0.\(owner)-00000000.\(number)", ".\(id).0", " \(id).0", "\(id).0\n", "\(number).\(id).0",
    "\(id.description.lowercased()).0",
  ])
  func nothingElseParses(_ text: String) { #expect(JobName(text) == nil) }

  @Test func eachStateAdmitsItsOwnShapeOnly() {
    let waiting = JobName.waiting(Self.id, attempt: 0)
    let owned = JobName.owned(Self.id, attempt: 0, by: Self.owner, Self.number)
    let ended = JobName.ended(Self.id, attempt: 0, Self.number)
    let admitted = JobState.allCases.map { state in [waiting, owned, ended].map(state.admits) }
    #expect(
      admitted == [[true, false, false], [false, true, false], [false, false, true], [false, false, true]])
  }

  @Test func noClaimNumberRecurs() {
    #expect(Set((0..<20_000).map { _ in ClaimNumber() }).count == 20_000)
    #expect((0..<1000).allSatisfy { _ in ClaimNumber().description.utf8.count == 16 })
  }

  @Test func anIncarnationParsesBackAndHoldsNoDot() {
    for hostName in ["", "host.example.org", String(repeating: "h", count: 300), "höst"] {
      let incarnation = Incarnation(hostName: hostName, bootName: "6ad1c2e4-0b3e")
      #expect(Incarnation(incarnation.description[...]) == incarnation)
      #expect(!incarnation.description.contains("."))
    }
  }

  @Test func twoLivesOfOneBootDifferInTheirLifeOnly() {
    let (one, other) = (Incarnation.here(), Incarnation.here())
    #expect(one != other)
    #expect((one.host, one.boot) == (other.host, other.boot))
  }

  @Test(arguments: ["", "a", "00000000-00000000", "00000000-00000000-0000000g", "00000000-00000000-00000000-", "--"])
  func nothingElseIsAnIncarnation(_ text: String) { #expect(Incarnation(text[...]) == nil) }

  @Test func theDigestIsFNV1a() {
    // Test vectors of isthe.com/chongo/tech/comp/fnv: "" and "foobar".
    let incarnation = Incarnation(hostName: "", bootName: "foobar")
    #expect((incarnation.host, incarnation.boot) == ("811c9dc5", "bf9cf968"))
  }
}
