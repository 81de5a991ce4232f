import Catalog
import Foundation
import Keeper
import Spool
import Testing
import WireFormats

struct RetentionTests {
  private static let now = Date(timeIntervalSince1970: 1_800_000_000)

  /// A job that ended so many days ago.
  private static func job(
    _ days: Int, _ state: JobState = .done, owner: String = "ann@example.org", preset: Preset = .voice,
    bytes: Int64 = 10
  ) throws -> EndedJob {
    EndedJob(
      id: JobID(at: now - Double(days) * 86_400), state: state, owner: owner,
      name: "\(days).mp4", preset: preset, endedAt: now - Double(days) * 86_400, byteCount: bytes, directory: "")
  }

  /// The days of the jobs that go.
  private static func days(
    _ jobs: [EndedJob], free: Int64 = 0, _ limit: (inout RetentionRule) -> Void
  ) -> [String] {
    var rule = RetentionRule()
    limit(&rule)
    return rule.victims(among: jobs, now: now, free: free).map { String($0.name.prefix { $0 != "." }) }
  }

  private let jobs: [EndedJob]

  init() throws {
    jobs = try [
      Self.job(9, .failed), Self.job(8, owner: "bob@example.org"), Self.job(7),
      Self.job(3, preset: .variable(quality: 0)),
      Self.job(2, .failed), Self.job(1, owner: "bob@example.org"), Self.job(0),
    ]
  }

  @Test func whatLimitsNothingKeepsAll() {
    #expect(Self.days(jobs) { $0.state = .failed }.isEmpty)
  }

  @Test func oldJobsGo() {
    #expect(Self.days(jobs) { $0.age = 7 * 86_400 } == ["9", "8"])
    #expect(Self.days(jobs) { $0.age = 2.5 * 86_400 } == ["9", "8", "7", "3"])
  }

  @Test func theOldestGoWhereThereAreTooMany() {
    #expect(Self.days(jobs) { $0.jobs = 2 } == ["9", "8", "7", "3", "2"])
    #expect(Self.days(jobs) { $0.jobs = 7 }.isEmpty)
    #expect(Self.days(jobs) { $0.jobs = 0 }.count == 7)
  }

  @Test func theOldestGoWhereTheyTakeTooMuch() throws {
    #expect(Self.days(jobs) { $0.bytes = 39 } == ["9", "8", "7", "3"])
    #expect(Self.days(jobs) { $0.bytes = 70 }.isEmpty)
    // Behind one that has no room nothing stays, however small: else the newest large file would never come to rest.
    let large = try [Self.job(3, bytes: 1), Self.job(2, bytes: 100), Self.job(1, bytes: 10)]
    #expect(Self.days(large) { $0.bytes = 50 } == ["3", "2"])
    #expect(Self.days(try [Self.job(1, bytes: .max), Self.job(0, bytes: .max)]) { $0.bytes = .max } == ["1"])
  }

  @Test func theOldestGoUntilEnoughIsFree() {
    #expect(Self.days(jobs, free: 80) { $0.freeBytes = 80 }.isEmpty)
    #expect(Self.days(jobs, free: 80) { $0.freeBytes = 81 } == ["9"])
    #expect(Self.days(jobs, free: 80) { $0.freeBytes = 105 } == ["9", "8", "7"])
    #expect(Self.days(jobs) { $0.freeBytes = 1_000 }.count == 7)
  }

  @Test func whatGoesForAnotherReasonCountsAsFree() {
    let gone = Self.days(jobs, free: 80) {
      $0.freeBytes = 100
      $0.age = 8.5 * 86_400
    }
    #expect(gone == ["9", "8"])
  }

  @Test func aRuleIsAboutSomeJobsOnly() {
    #expect(Self.days(jobs) { ($0.state, $0.jobs) = (.failed, 1) } == ["9"])
    #expect(Self.days(jobs) { ($0.owner, $0.jobs) = ("bob@example.org", 1) } == ["8"])
    #expect(Self.days(jobs) { ($0.preset, $0.jobs) = (.variable(quality: 0), 0) } == ["3"])
    #expect(Self.days(jobs) { ($0.state, $0.freeBytes) = (.failed, 1_000) } == ["9", "2"])
  }

  @Test func limitsCanHoldForEachGroup() {
    #expect(Self.days(jobs) { ($0.group, $0.jobs) = (.user, 1) } == ["9", "8", "7", "3", "2"])
    #expect(Self.days(jobs) { ($0.group, $0.bytes) = (.state, 20) } == ["8", "7", "3"])
    #expect(Self.days(jobs) { ($0.group, $0.jobs) = (.preset, 5) } == ["9"])
  }

  @Test func whatHasNotEndedNeverGoes() throws {
    let running = try [Self.job(9, .waiting), Self.job(8, .active)]
    let gone = Self.days(running) { ($0.age, $0.jobs, $0.bytes, $0.freeBytes) = (0, 0, 0, .max) }
    #expect(gone.isEmpty)
  }
}
