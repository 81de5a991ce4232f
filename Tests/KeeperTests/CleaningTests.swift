import Catalog
import Foundation
import Keeper
import Spool
import SystemPackage
import Testing
import Tokens

@Suite struct CleaningTests {
  let house: TemporaryHouse
  var cleaning: Cleaning { Cleaning(spool: house.spool, catalog: house.catalog) }

  init() throws { house = try TemporaryHouse() }

  /// A failed job that is in the index.
  private func failed() async throws -> JobRecord {
    let sidecar = try await house.enqueue()
    try house.fail(sidecar)
    _ = try await house.indexer.scan()
    return try #require(try await house.catalog.job(sidecar.id))
  }

  @Test func whatIsRemovedIsGoneFromSpoolAndIndex() async throws {
    let record = try await failed()
    #expect(try await cleaning.remove(record))
    #expect(try house.spool.find(record.id) == nil)
    #expect(try await house.catalog.job(record.id) == nil)
  }

  /// Between the list of what goes and its turn many other jobs may be removed.
  @Test func whatWasTriedAgainMeanwhileIsKept() async throws {
    let record = try await failed()
    var rule = RetentionRule()
    rule.jobs = 0
    let victims = try await cleaning.victims(of: [rule])
    #expect(victims.map(\.id) == [record.id])
    #expect(try house.spool.retry(record.id))
    #expect(try await !cleaning.remove(victims[0]))
    #expect(try await !cleaning.remove(record))
    #expect(try house.spool.find(record.id)?.state == .waiting)
    #expect(try await house.catalog.job(record.id) != nil)
  }

  /// Somebody has deleted the directory by hand.
  @Test func whatIsNowhereIsForgotten() async throws {
    let record = try await failed()
    try FileManager.default.removeItem(atPath: house.layout.failed.appending(record.directory).string)
    #expect(try await cleaning.remove(record))
    #expect(try await house.catalog.job(record.id) == nil)
  }
}
