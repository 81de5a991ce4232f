import DurableFiles
import Foundation
import GRDB
import Spool
import SystemPackage
import Testing

@testable import Catalog

@Suite struct RestorationTests {
  let directory: TemporaryDirectory
  private var backup: FilePath { directory.path.appending("backup.sqlite") }

  init() throws { directory = try TemporaryDirectory() }

  /// A catalog with one user, and nobody who has it open.
  private func makeCatalog(user: String) async throws {
    let catalog = try directory.catalog()
    _ = try await catalog.addUser(email: user, password: "correct horse", isAdmin: true)
    try catalog.pool.close()
  }

  /// A backup with Ann, and a database with Bob.
  private func prepare() async throws {
    try await makeCatalog(user: "ann@example.org")
    let catalog = try directory.catalog()
    try await catalog.backup(to: backup)
    try catalog.pool.close()
    for end in ["", "-wal", "-shm"] { try? Files.unlink(FilePath("\(directory.database)\(end)")) }
    try await makeCatalog(user: "bob@example.org")
  }

  private func users(_ path: FilePath) async throws -> [String] {
    let catalog = try Catalog(path: path, passwordCost: .forTests)
    defer { try? catalog.pool.close() }
    return try await catalog.users().map(\.email)
  }

  private func refused(
    _ path: FilePath? = nil, overDamaged: Bool = false, meanwhile: () throws -> Void = {}
  ) -> CatalogError? {
    do {
      _ = try Catalog.restore(
        path ?? backup, to: directory.database, overDamaged: overDamaged, meanwhile: meanwhile)
      return nil
    } catch { return error }
  }

  /// What came after the backup has no number in it: one that is given anew would hide what the listener has not heard.
  @Test func whoHeardOfTheFormerDatabasesEventsIsToldToReadAnew() async throws {
    let catalog = try directory.catalog()
    try await catalog.upsert(.waiting(1))
    try await catalog.backup(to: backup)
    try await catalog.upsert(.waiting(2))
    let heard = try await catalog.newestEvent()
    try catalog.pool.close()
    _ = try Catalog.restore(backup, to: directory.database)
    let restored = try directory.catalog()
    #expect(try await restored.events(after: heard) == nil)
    try await restored.upsert(try (2...9).map { try .waiting($0) })
    #expect(try await restored.events(after: heard) == nil)
    try restored.pool.close()
  }

  /// A new volume of a cluster is root's, and lets the services in by their group.
  @Test(.enabled(if: geteuid() == 0, "only root may become another user"))
  func whoMayWriteToTheDirectoryNeedNotOwnIt() async throws {
    let catalog = try directory.catalog()
    try await catalog.backup(to: backup)
    try catalog.pool.close()
    try Files.unlink(directory.database)
    let (path, database, copy) = (directory.path.string, directory.database.string, backup.string)
    try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: path)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: copy)
    await #expect(processExitsWith: .success) { [database = database as String, copy = copy as String] in
      try #require(seteuid(65534) == 0)
      #expect(try Catalog.restore(FilePath(copy), to: FilePath(database)).former == nil)
      #expect(try Files.status(FilePath(database))?.owner == 65534)
    }
  }

  @Test func aBackupTakesThePlaceOfTheDatabaseWhichIsKept() async throws {
    try await prepare()
    // One that was killed may leave a file that has not got its name.
    for end in ["", ".0E984725-C51C-4BF4-9960-E1C80E27ABA0.new"] {
      try NewFile(creating: FilePath("\(directory.database).restoring\(end)")).close()
    }
    let restoration = try Catalog.restore(backup, to: directory.database)
    #expect(restoration.contents.users == 1 && restoration.contents.madeAt != nil)
    let former = try #require(restoration.former)
    #expect(former.string.hasPrefix("\(directory.database).before-restore-2"))
    #expect(Set(try directory.modes().keys) == ["backup.sqlite", "catalog.sqlite", former.lastComponent!.string])
    #expect(try directory.modes().values.allSatisfy { $0 == 0o600 })
    #expect(try await users(directory.database) == ["ann@example.org"])
    #expect(try await users(former) == ["bob@example.org"])
    #expect(try await DatabaseQueue(path: directory.database.string).read { try !$0.tableExists("backup_note") })
  }

  @Test func manyFormerDatabasesAreKept() async throws {
    try await prepare()
    let formers = try (0..<3).map { _ in try #require(try Catalog.restore(backup, to: directory.database).former) }
    #expect(Set(formers).count == 3)
    #expect(try await users(formers[0]) == ["bob@example.org"])
    #expect(try await users(formers[1]) == ["ann@example.org"])
  }

  @Test func whereThereIsNoneABackupBecomesTheDatabase() async throws {
    try await prepare()
    for end in ["", "-wal", "-shm"] { try? Files.unlink(FilePath("\(directory.database)\(end)")) }
    #expect(try Catalog.restore(backup, to: directory.database).former == nil)
    #expect(try await users(directory.database) == ["ann@example.org"])
  }

  @Test func aDatabaseInUseIsNotReplaced() async throws {
    try await prepare()
    let catalog = try directory.catalog()
    #expect(refused()?.kind == .busy)
    #expect(refused(overDamaged: true)?.description.contains("in use") == true)
    #expect(try await catalog.users().map(\.email) == ["bob@example.org"])
    _ = try await catalog.addUser(email: "carl@example.org", password: "correct horse", isAdmin: true)
    #expect(try directory.modes().keys.filter { $0.contains("restor") } == [])
  }

  /// Between the end of the log and the lock somebody may open the database, and turn the log on again.
  @Test func whoComesBetweenTheLogsEndAndTheLockKeepsTheDatabase() async throws {
    try await prepare()
    var catalog: Catalog?
    let error = refused { catalog = try directory.catalog() }
    #expect(error?.kind == .busy)
    let opened = try #require(catalog)
    _ = try await opened.addUser(email: "carl@example.org", password: "correct horse", isAdmin: true)
    try opened.pool.close()
    #expect(try await users(directory.database) == ["bob@example.org", "carl@example.org"])
    #expect(try directory.modes().keys.filter { $0.contains("restor") } == [])
  }

  @Test(arguments: ["PRAGMA application_id = 7; CREATE TABLE t (x)", "CREATE TABLE t (x)"], [false, true])
  func anotherProgramsDatabaseIsNeverReplaced(making: String, overDamaged: Bool) async throws {
    try await prepare()
    for end in ["", "-wal", "-shm"] { try? Files.unlink(FilePath("\(directory.database)\(end)")) }
    let other = try DatabaseQueue(path: directory.database.string)
    try await other.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = WAL; \(making)") }
    try other.close()
    let before = try Data(contentsOf: URL(filePath: directory.database.string))
    let error = refused(overDamaged: overDamaged)
    #expect(error?.kind == .notReplaced && error?.description.contains("another program") == true)
    #expect(try Data(contentsOf: URL(filePath: directory.database.string)) == before)
    #expect(try directory.modes().keys.filter { $0.contains("restor") } == [])
  }

  /// What a service that was killed had written to the log only is in the former database.
  @Test func theFormerDatabaseHasWhatIsInItsLog() async throws {
    try await prepare()
    let away = directory.path.appending("away")
    try Files.makeDirectory(away)
    do {
      let catalog = try directory.catalog()
      _ = try await catalog.addUser(email: "carl@example.org", password: "correct horse", isAdmin: true)
      for end in ["", "-wal"] { try copy("\(directory.database)\(end)", to: "\(away.appending("x"))\(end)") }
      try catalog.pool.close()
    }
    for end in ["", "-wal"] { try copy("\(away.appending("x"))\(end)", to: "\(directory.database)\(end)") }
    #expect(try #require(try Files.status(FilePath("\(directory.database)-wal"))).size > 0)
    let former = try #require(try Catalog.restore(backup, to: directory.database).former)
    #expect(try await users(former) == ["bob@example.org", "carl@example.org"])
    #expect(try await users(directory.database) == ["ann@example.org"])
  }

  /// Its log would be applied to the new database.
  @Test func aDamagedDatabaseIsReplacedOnDemandAndKeptWithItsLog() async throws {
    try await prepare()
    try Data("no database at all".utf8).write(to: URL(filePath: directory.database.string))
    try Data("a log".utf8).write(to: URL(filePath: "\(directory.database)-wal"))
    try Data("shared memory".utf8).write(to: URL(filePath: "\(directory.database)-shm"))
    #expect(refused()?.description.contains("--force") == true)
    #expect(try String(contentsOfFile: directory.database.string, encoding: .utf8) == "no database at all")
    let former = try #require(try Catalog.restore(backup, to: directory.database, overDamaged: true).former)
    #expect(try String(contentsOfFile: former.string, encoding: .utf8) == "no database at all")
    #expect(try String(contentsOfFile: "\(former)-wal", encoding: .utf8) == "a log")
    #expect(try directory.modes()["catalog.sqlite-shm"] == nil)
    #expect(try await users(directory.database) == ["ann@example.org"])
  }

  @Test func theLogOfADatabaseThatIsGoneIsNotTheNewOnes() async throws {
    try await prepare()
    for end in ["", "-wal", "-shm"] { try? Files.unlink(FilePath("\(directory.database)\(end)")) }
    try Data("a log".utf8).write(to: URL(filePath: "\(directory.database)-wal"))
    #expect(try Catalog.restore(backup, to: directory.database).former == nil)
    #expect(
      try directory.modes().keys.contains { $0.hasPrefix("catalog.sqlite.before-restore-") && $0.hasSuffix("-wal") })
    #expect(try await users(directory.database) == ["ann@example.org"])
  }

  @Test func whatIsNoBackupIsRefused() async throws {
    try await prepare()
    let other = directory.path.appending("other.sqlite")
    #expect(refused(other) == CatalogError(.missingBackup, "There is no backup \(other)."))
    try Data(String(repeating: "text ", count: 500).utf8).write(to: URL(filePath: other.string))
    #expect(refused(other) == CatalogError(.noBackup, "\(other) is not an SQLite database."))
    try Files.unlink(other)
    try Data().write(to: URL(filePath: other.string))
    #expect(
      refused(other) == CatalogError(.noBackup, "The backup \(other) is empty: it has none of mp3spool's tables."))
    try Files.unlink(other)
    try await DatabaseQueue(path: other.string).write { try $0.execute(sql: "CREATE TABLE t (x)") }
    #expect(refused(other) == CatalogError(.noBackup, "The backup \(other) belongs to another program."))
    #expect(try await users(directory.database) == ["bob@example.org"])
  }

  @Test func aDamagedOrNewerBackupIsRefused() async throws {
    try await prepare()
    let newer = directory.path.appending("newer.sqlite")
    try copy(backup.string, to: newer.string)
    try await DatabaseQueue(path: newer.string).write {
      try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('x')")
    }
    #expect(refused(newer)?.kind == .noBackup)
    #expect(refused(newer)?.description.hasPrefix("The backup \(newer) was made by a newer version") == true)
    let broken = directory.path.appending("broken.sqlite")
    var bytes = try Data(contentsOf: URL(filePath: backup.string))
    for place in 8192..<bytes.count { bytes[place] = 0xA5 }
    try bytes.write(to: URL(filePath: broken.string))
    // Not the database is damaged, and to restore it from a backup is what was tried.
    let story = refused(broken)?.description ?? ""
    #expect(story.hasPrefix("The backup \(broken) is damaged") && !story.contains("Restore"), "\(story)")
    try bytes.prefix(10_000).write(to: URL(filePath: broken.string))
    #expect(refused(broken)?.kind == .noBackup)
    #expect(throws: CatalogError.self) { try Catalog.contents(ofBackup: broken) }
    #expect(try await users(directory.database) == ["bob@example.org"])
    #expect(try directory.modes().keys.filter { $0.contains("restor") || $0.contains("partial") } == [])
  }

  @Test(arguments: StoredCatalog.all) func aBackupOfAnEarlierVersionIsBroughtUpToDate(
    _ stored: StoredCatalog
  ) async throws {
    try await prepare()
    let old = directory.path.appending("old.sqlite")
    try stored.write(to: old)
    let before = try Data(contentsOf: URL(filePath: old.string))
    let restoration = try Catalog.restore(old, to: directory.database)
    #expect(restoration.contents.schema == stored.schema && restoration.contents.madeAt == nil)
    #expect(try await users(directory.database).count == 2)
    #expect(try Data(contentsOf: URL(filePath: old.string)) == before)
  }

  @Test func aLinkLeadsToTheDatabaseThatIsReplaced() async throws {
    try await prepare()
    let link = directory.path.appending("link.sqlite")
    try FileManager.default.createSymbolicLink(atPath: link.string, withDestinationPath: directory.database.string)
    _ = try Catalog.restore(backup, to: link)
    #expect(try Files.status(link)?.kind == .symbolicLink)
    #expect(try await users(directory.database) == ["ann@example.org"])
  }

  /// Whoever opens the database at the very moment gets the one or the other, and what it writes is not lost.
  @Test func whoeverComesMeanwhileGetsTheNewOneOrKeepsTheOld() async throws {
    try await prepare()
    for _ in 0..<10 {
      async let restored = try? Catalog.restore(backup, to: directory.database)
      let catalog = try directory.catalog()
      let email = "\(UUID().uuidString)@example.org"
      _ = try await catalog.addUser(email: email, password: "correct horse", isAdmin: false)
      try catalog.pool.close()
      let (former, now) = (await restored?.former, try await users(directory.database))
      // It was added after the exchange, or the exchange was refused, or it came after the addition.
      let then = if let former { try await users(former) } else { [String]() }
      #expect((now + then).contains(email))
    }
  }

  private func copy(_ source: String, to target: String) throws {
    try Data(contentsOf: URL(filePath: source)).write(to: URL(filePath: target))
  }
}
