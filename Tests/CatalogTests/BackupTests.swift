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
    async let backup = catalog.backup(to: target)
    for number in 1000..<1050 { try await catalog.upsert(try .waiting(number)) }
    let contents = try await backup
    let count = try #require(try await Catalog(path: target).jobCounts()[.waiting])
    #expect((1000...1050).contains(count) && contents.jobs == count)
  }

  @Test func aBackupSaysWhatItHolds() async throws {
    let catalog = try directory.catalog()
    _ = try await catalog.addUser(email: "ann@example.org", password: "correct horse", isAdmin: true)
    _ = try await catalog.addWebhook("https://a.example/", of: "ann@example.org")
    _ = try await catalog.signingKey(for: .access)
    try await catalog.upsert([try .waiting(1), try .waiting(2)])
    let contents = try await catalog.backup(to: target)
    #expect((contents.users, contents.webhooks, contents.signingKeys, contents.jobs) == (1, 1, 1, 2))
    #expect(abs(try #require(contents.madeAt).timeIntervalSinceNow) < 60)
    #expect(try Catalog.contents(ofBackup: target) == contents)
    // Its age is its own, and not that of what it was copied from.
    let second = try await Catalog(path: target).backup(to: directory.path.appending("second.sqlite"))
    #expect(try #require(second.madeAt) >= #require(contents.madeAt))
  }

  @Test func onlyABackupIsReplaced() async throws {
    let catalog = try directory.catalog()
    try Data("a letter".utf8).write(to: URL(filePath: target.string))
    #expect(await refusal { () throws(CatalogError) in try await catalog.backup(to: target) } == .unusable)
    #expect(try String(contentsOfFile: target.string, encoding: .utf8) == "a letter")
    let database = directory.database
    #expect(await refusal { () throws(CatalogError) in try await catalog.backup(to: database) } == .unusable)
    #expect(try await catalog.users().isEmpty)
  }

  @Test func aDamagedCatalogGivesNoBackup() async throws {
    let catalog = try directory.catalog()
    try await catalog.backup(to: target)
    let former = try Data(contentsOf: URL(filePath: target.string))
    try await catalog.write { db in
      try db.execute(sql: "INSERT INTO signing_keys (purpose, private_key, created_at) VALUES ('x', x'00', 0)")
    }
    #expect(await refusal { () throws(CatalogError) in try await catalog.backup(to: target) } == .unusable)
    #expect(try Data(contentsOf: URL(filePath: target.string)) == former)
  }
}
