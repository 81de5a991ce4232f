import AuthService
import Catalog
import Foundation
import HTTPTypes
import Keeper
import Spool
import SystemPackage
import Testing
import Tokens
import WireFormats

@testable import Gateway

/// What is on its way beside what is in the index: each job counts exactly once, whenever it moves from the one to the other.
@Suite final class QuotaTests {
  private let directory = FilePath(NSTemporaryDirectory()).appending("GatewayTests-\(UUID().uuidString)")
  private let catalog: Catalog
  private static let owner = "ann@example.org"

  init() throws {
    try FileManager.default.createDirectory(atPath: directory.string, withIntermediateDirectories: true)
    catalog = try Catalog(path: directory.appending("catalog.sqlite"))
  }

  deinit { try? FileManager.default.removeItem(atPath: directory.string) }

  private func quota(bytes: Int64? = nil, waiting: Int64? = nil) -> Quota {
    Quota(catalog: catalog, usual: QuotaLimits(bytes: bytes, minutes: nil, waiting: waiting))
  }

  private func store(_ id: JobID, bytes: Int64) async throws {
    let sidecar = Sidecar(
      id: id, owner: Self.owner, name: "x.mp4", size: bytes, sha256: String(repeating: "a", count: 64),
      options: ConversionOptions(), origin: .upload, issuedAt: Date())
    try await catalog.upsert(JobRecord(waiting: sidecar))
  }

  private func status(_ work: () async throws -> Void) async -> Int? {
    do { try await work() } catch { return (error as? HTTPFailure)?.status.code }
    return nil
  }

  @Test func aJobThatGetsIntoTheIndexWhileItIsOnItsWayCountsOnce() async throws {
    let (quota, first) = (quota(bytes: 500, waiting: 2), JobID(at: Date()))
    let grant = try await quota.check(Self.owner, first, announcedBytes: 200)
    try await store(first, bytes: 200)
    let second = try await quota.check(Self.owner, JobID(at: Date()), announcedBytes: 300)
    #expect(await status { _ = try await quota.check(Self.owner, JobID(at: Date())) } == 429)
    withExtendedLifetime((grant, second)) {}
  }

  /// Chunked uploads do not say how long they are, and may be open for long.
  @Test func whatOthersStoredMeanwhileCountsAtTheEnd() async throws {
    let quota = quota(bytes: 300)
    let slow = try await quota.check(Self.owner, JobID(at: Date()))
    let other = JobID(at: Date())
    do {
      let grant = try await quota.check(Self.owner, other, announcedBytes: 200)
      try await store(other, bytes: 200)
      withExtendedLifetime(grant) {}
    }
    try slow.count(100)
    try await slow.confirm()
    #expect(
      await status {
        try slow.count(290); try await slow.confirm()
      } == 507)
    #expect(
      await status {
        try slow.count(301); try await slow.confirm()
      } == 413)
  }

  @Test func whatWasAnnouncedIsNotJudgedAgain() async throws {
    let quota = quota(bytes: 300)
    let grant = try await quota.check(Self.owner, JobID(at: Date()), announcedBytes: 200)
    // Dropped by other means than an upload.
    try await store(JobID(at: Date()), bytes: 200)
    try grant.count(200)
    try await grant.confirm()
  }
}
