import Foundation
import GRDB
import Spool
import SystemPackage
import Testing

@testable import Catalog

@Suite struct BackupTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }
  var target: FilePath { directory.path.appending("backup.sqlite") }

  @Test func aBackupIsACatalog() async throws {
    let catalog = try directory.catalog()
    let user = try await catalog.addUser(email: "ann@example.org", password: "correct horse", isAdmin: true)
    let key = try await catalog.signingKey(for: .access)
    try await catalog.upsert(try .full())
    try await catalog.backup(to: target)
    try await catalog.upsert(try .waiting(2))
    let copy = try Catalog(path: target, passwordCost: .forTests)
    #expect(try await copy.users() == [user])
    #expect(try await copy.signingKey(for: .access) == key)
    #expect(try await copy.jobs() == [try .full()])
  }

  @Test func aBackupIsOnePrivateFile() async throws {
    let catalog = try directory.catalog()
    try await catalog.backup(to: target)
    let modes = try directory.modes().filter { !$0.key.hasPrefix("catalog.sqlite") }
    #expect(modes == ["backup.sqlite": 0o600])
    let mode = try await DatabaseQueue(path: target.string).read { try String.fetchOne($0, sql: "PRAGMA journal_mode") }
    #expect(mode == "delete")
  }

  @Test func aBackupReplacesTheOneBefore() async throws {
    let catalog = try directory.catalog()
    try await catalog.backup(to: target)
    try await catalog.upsert(try .full())
    try await catalog.backup(to: target)
    #expect(try await Catalog(path: target).jobs().count == 1)
  }

  @Test func aBackupThatFailsLeavesNothing() async throws {
    let catalog = try directory.catalog()
    try FileManager.default.createDirectory(atPath: target.string, withIntermediateDirectories: false)
    let kind = await refusal { () throws(CatalogError) in try await catalog.backup(to: target) }
    #expect(kind == .unusable)
    #expect(try directory.modes().keys.filter { !$0.hasPrefix("catalog.sqlite") } == ["backup.sqlite"])
    let missing = directory.path.appending("missing").appending("backup.sqlite")
    #expect(await refusal { () throws(CatalogError) in try await catalog.backup(to: missing) } == .unusable)
  }

  @Test func othersMayWriteDuringABackup() async throws {
    let catalog = try directory.catalog()
    try await catalog.upsert(try (0..<1000).map { try .waiting($0) })
    async let backup: Void = catalog.backup(to: target)
    for number in 1000..<1050 { try await catalog.upsert(try .waiting(number)) }
    try await backup
    let count = try #require(try await Catalog(path: target).jobCounts()[.waiting])
    #expect((1000...1050).contains(count))
  }
}
