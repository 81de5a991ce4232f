import DurableFiles
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
    #expect(kind == .notReplaced)
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
    #expect(await refusal { () throws(CatalogError) in try await catalog.backup(to: target) } == .notReplaced)
    #expect(try String(contentsOfFile: target.string, encoding: .utf8) == "a letter")
    let database = directory.database
    #expect(await refusal { () throws(CatalogError) in try await catalog.backup(to: database) } == .notReplaced)
    #expect(try await catalog.users().isEmpty)
  }

  @Test func aDamagedCatalogGivesNoBackup() async throws {
    let catalog = try directory.catalog()
    try await catalog.backup(to: target)
    let former = try Data(contentsOf: URL(filePath: target.string))
    try await catalog.write { db in
      try db.execute(sql: "INSERT INTO signing_keys (purpose, private_key, created_at) VALUES ('x', x'00', 0)")
    }
    let error = await #expect(throws: CatalogError.self) { try await catalog.backup(to: target) }
    #expect(
      error == CatalogError(.unusable, "The database \(directory.database) is damaged: its key 'x' is none."))
    #expect(try Data(contentsOf: URL(filePath: target.string)) == former)
  }

  /// As `cp` makes it: the file says that it works with a write-ahead log, and there is none.
  @Test func aPlainCopyIsCheckedWithoutAnythingBesideIt() async throws {
    let place = directory.path.appending("a place with 100 %, and why not?")
    try FileManager.default.createDirectory(atPath: place.string, withIntermediateDirectories: false)
    let copy = place.appending("copy.sqlite")
    let catalog = try directory.catalog()
    _ = try await catalog.addUser(email: "ann@example.org", password: "correct horse", isAdmin: true)
    try catalog.pool.close()
    try FileManager.default.copyItem(atPath: directory.database.string, toPath: copy.string)
    // As on a disk that is only read, SQLite can share no memory there.
    try FileManager.default.createSymbolicLink(atPath: "\(copy)-shm", withDestinationPath: "nowhere")
    #expect(try Catalog.contents(ofBackup: copy).users == 1)
    let names = try FileManager.default.contentsOfDirectory(atPath: place.string)
    #expect(Set(names) == ["copy.sqlite", "copy.sqlite-shm"])
    #expect(try Catalog.restore(copy, to: directory.path.appending("new.sqlite")).contents.users == 1)
  }

  /// It holds hashes and keys, and each has a name of its own: they would add up.
  @Test func whatABackupLeftThatWasBrokenOffGoesWithTheNext() async throws {
    let catalog = try directory.catalog()
    let (old, young) = ("copy.sqlite.\(UUID().uuidString).partial", "copy.sqlite.\(UUID().uuidString).partial")
    let others = ["copy.sqlite.mine.partial", "copy.sqlite.\(UUID().uuidString)", "copy.txt"]
    let names = [old, "\(old)-journal", young] + others
    for name in names { try NewFile(creating: directory.path.appending(name)).close() }
    for name in names where name != young {
      try FileManager.default.setAttributes(
        [.modificationDate: Date.now.addingTimeInterval(-90_000)], ofItemAtPath: directory.path.appending(name).string)
    }
    try await catalog.backup(to: directory.path.appending("copy.sqlite"))
    let left = try directory.modes().keys.filter { $0.hasPrefix("copy") }
    #expect(Set(left) == Set(["copy.sqlite", young] + others))
  }

  @Test(arguments: [Errno.noSpace, .diskQuotaExceeded])
  func aFullDiskIsNamedWhateverFindsItFull(_ errno: Errno) {
    let path = directory.path.appending("copy.sqlite")
    for error in [errno, FileError(operation: "create", path: path, errno: errno)] as [any Error] {
      #expect(CatalogError(error, about: .backup(path)).kind == .outOfSpace)
    }
  }

  @Test func aCopyWithItsLogSaysWhereItCanBeRead() async throws {
    let catalog = try directory.catalog()
    _ = try await catalog.addUser(email: "ann@example.org", password: "correct horse", isAdmin: true)
    for end in ["", "-wal"] {
      try FileManager.default.copyItem(atPath: "\(directory.database)\(end)", toPath: "\(target)\(end)")
    }
    #expect(try Catalog.contents(ofBackup: target).users == 1)
    try? FileManager.default.removeItem(atPath: "\(target)-shm")
    try FileManager.default.createSymbolicLink(atPath: "\(target)-shm", withDestinationPath: "nowhere")
    let error = #expect(throws: CatalogError.self) { try Catalog.contents(ofBackup: target) }
    #expect(error?.description.contains("Copy both to a place that you may write to") == true)
  }
}
