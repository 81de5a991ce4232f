import DurableFiles
import Foundation
import GRDB
import Glibc
import Spool
import SystemPackage
import Testing
import Tokens
import WireFormats

@testable import Catalog

@Suite struct CatalogFileTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  func failure() -> CatalogError? {
    do { _ = try directory.catalog() } catch { return error }
    return nil
  }

  @Test func onlyTheOwnerReadsTheFiles() async throws {
    let catalog = try directory.catalog()
    try await catalog.upsert(try .waiting(1))
    #expect(
      try directory.modes() == [
        "catalog.sqlite": 0o600, "catalog.sqlite-wal": 0o600, "catalog.sqlite-shm": 0o600,
      ])
  }

  /// The index of a version that knew nothing of requests: its rows stay, and so does what its triggers do.
  @Test func anEarlierIndexLearnsOfRequests() async throws {
    try await directory.catalog().upsert(try .waiting(7))
    let file = try DatabaseQueue(path: directory.database.string)
    try await file.write { db in
      try db.execute(
        sql: """
          DROP TRIGGER job_came_ended; DROP TRIGGER job_ended; ALTER TABLE jobs DROP COLUMN request;
          CREATE TRIGGER job_ended AFTER UPDATE ON jobs BEGIN SELECT 1; END
          """)
    }
    let catalog = try directory.catalog()
    var job = try JobRecord.full()
    job.request = RequestID("order-4711")
    try await catalog.upsert(job)
    #expect(try await catalog.job(job.id) == job)
    #expect(try await catalog.jobs().count == 2)
    let trigger = try await file.read {
      try String.fetchOne($0, sql: "SELECT sql FROM sqlite_schema WHERE name = 'job_ended'")
    }
    #expect(trigger?.contains("NEW.request") == true)
  }

  @Test func aFileThatOthersCouldReadIsClosed() async throws {
    let catalog = try directory.catalog()
    try await catalog.upsert(try .waiting(1))
    for name in try directory.modes().keys {
      let path = directory.path.appending(name).string
      try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    }
    let other = try directory.catalog()
    #expect(try directory.modes().values.allSatisfy { $0 == 0o600 })
    #expect(try await other.jobs().count == 1)
    #expect(try await catalog.jobs().count == 1)
  }

  @Test(.enabled(if: geteuid() == 0, "only root can make files for others"))
  func whatRootMakesIsTheDirectoryOwners() async throws {
    try FileManager.default.setAttributes(
      [.ownerAccountID: 12345, .groupOwnerAccountID: 54321], ofItemAtPath: directory.path.string)
    let catalog = try directory.catalog()
    try await catalog.upsert(try .waiting(1))
    for name in try directory.modes().keys {
      let status = try directory.path.appending(name).stat()
      #expect(status.userID.rawValue == 12345 && status.groupID.rawValue == 54321, "\(name)")
    }
  }

  /// In a container whose root is read-only there is no place for such a file.
  @Test func nothingIsSortedInAFile() async throws {
    let catalog = try directory.catalog()
    let files = try await catalog.read { db in
      let rows = try Row.fetchCursor(
        db,
        sql: """
          WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 4000)
          SELECT randomblob(2000) AS bytes FROM numbers ORDER BY bytes
          """)
      _ = try rows.next()
      return try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
        .compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)") }
    }
    #expect(files.contains { $0.hasSuffix("catalog.sqlite") })
    #expect(files.filter { $0.contains("etilqs") } == [])
  }

  @Test func whatIsThereIsThereAfterOpeningAgain() async throws {
    let job = try JobRecord.full()
    let (user, key) = try await {
      let catalog = try directory.catalog()
      try await catalog.upsert(job)
      let user = try await catalog.addUser(email: "ann@example.org", password: "correct horse", isAdmin: true)
      return (user, try await catalog.signingKey(for: .access))
    }()
    let catalog = try directory.catalog()
    #expect(try await catalog.job(job.id) == job)
    #expect(try await catalog.authenticate(email: "ann@example.org", password: "correct horse") == user)
    #expect(try await catalog.signingKey(for: .access) == key)
  }

  @Test func commitsAreOnTheDisk() async throws {
    let catalog = try directory.catalog()
    let pragmas = try await catalog.write { db in
      ["journal_mode", "synchronous", "foreign_keys"].map { try? String.fetchOne(db, sql: "PRAGMA \($0)") }
    }
    // 2 is FULL.
    #expect(pragmas == ["wal", "2", "1"])
  }

  @Test func anIndexThatWasDroppedIsMadeAgain() async throws {
    let catalog = try directory.catalog()
    _ = try await catalog.addUser(email: "ann@example.org", password: "correct horse", isAdmin: true)
    try await catalog.write { db in try db.execute(sql: "DROP TABLE jobs; DROP TABLE expired_jobs") }
    let other = try directory.catalog()
    try await other.upsert(try .waiting(1))
    #expect(try await other.jobs().count == 1)
    #expect(try await other.users().count == 1)
  }

  @Test func aRemoteFileSystemIsRefused() {
    let error = #expect(throws: CatalogError.self) {
      try CatalogFile.refuseRemote(.remote("NFS"), directory.database)
    }
    #expect(error?.kind == .remoteFileSystem)
    #expect(error?.description.contains("NFS") == true)
    #expect(throws: Never.self) { try CatalogFile.refuseRemote(.local, directory.database) }
  }

  @Test func aTextIsNoDatabase() throws {
    try Data(String(repeating: "to whom it may concern\n", count: 100).utf8).write(
      to: URL(filePath: directory.database.string))
    #expect(failure()?.kind == .unusable)
    #expect(failure()?.description == "\(directory.database) is not an SQLite database.")
  }

  @Test func anotherProgramsDatabaseIsLeftAlone() throws {
    for statement in ["PRAGMA application_id = 7", "PRAGMA application_id = 0; CREATE TABLE t (x)"] {
      try DatabaseQueue(path: directory.database.string).write { try $0.execute(sql: statement) }
      let before = try Data(contentsOf: URL(filePath: directory.database.string))
      #expect(failure()?.kind == .unusable)
      #expect(failure()?.description.contains("another program") == true)
      #expect(try Data(contentsOf: URL(filePath: directory.database.string)) == before)
    }
  }

  @Test func aNewerSchemaIsRefused() async throws {
    try await {
      let catalog = try directory.catalog()
      try await catalog.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('from the future')") }
    }()
    #expect(failure()?.kind == .newerSchema)
  }

  @Test func aDamagedDatabaseSaysSo() async throws {
    try await {
      let catalog = try directory.catalog()
      try await catalog.upsert(try (0..<2000).map { try .waiting($0) })
    }()
    var bytes = try Data(contentsOf: URL(filePath: directory.database.string))
    for place in 4096..<bytes.count { bytes[place] = 0xA5 }
    try bytes.write(to: URL(filePath: directory.database.string))
    #expect(failure()?.kind == .unusable)
    #expect(failure()?.description.contains("damaged") == true)
  }

  @Test func aTruncatedDatabaseSaysSo() async throws {
    try await {
      let catalog = try directory.catalog()
      try await catalog.upsert(try (0..<2000).map { try .waiting($0) })
    }()
    try FileHandle(forUpdating: URL(filePath: directory.database.string)).truncate(atOffset: 6000)
    #expect(failure()?.kind == .unusable)
  }

  @Test func aMissingDirectorySaysSo() {
    let path = directory.path.appending("missing").appending("catalog.sqlite")
    let error = #expect(throws: CatalogError.self) { try Catalog(path: path) }
    #expect(error?.kind == .unusable)
    #expect(error?.description.contains("No such file or directory") == true)
  }

  @Test func aDirectoryIsNoDatabase() throws {
    try FileManager.default.createDirectory(atPath: directory.database.string, withIntermediateDirectories: false)
    #expect(failure()?.kind == .unusable)
  }

  @Test func nothingIsLeftBesideTheDatabase() throws {
    _ = try directory.catalog()
    _ = try directory.catalog()
    #expect(
      try Set(directory.modes().keys).isSubset(of: ["catalog.sqlite", "catalog.sqlite-wal", "catalog.sqlite-shm"]))
  }

  @Test func anEmptyFileBecomesACatalog() async throws {
    try Data().write(to: URL(filePath: directory.database.string))
    #expect(try await directory.catalog().users().isEmpty)
  }
}

@Suite struct CatalogLogTests {
  /// As long as somebody reads, nothing is taken out of the log that came later (sqlite.org/wal.html, "Checkpoint starvation").
  @Test func aLogThatALongReadingMadeLargeBecomesSmallAgain() async throws {
    let directory = try TemporaryDirectory()
    let catalog = try directory.catalog()
    let log = FilePath("\(directory.database)-wal")
    func write(_ bytes: Int) async throws -> Int64 {
      try await catalog.pool.write { db in
        try db.execute(sql: "CREATE TABLE IF NOT EXISTS ballast (bytes BLOB)")
        try db.execute(sql: "INSERT INTO ballast VALUES (randomblob(?))", arguments: [bytes])
      }
      return try #require(try Files.status(log)).size
    }
    let reading = try catalog.pool.makeSnapshot()
    var size: Int64 = 0
    for _ in 0..<4 { size = try await write(4 << 20) }
    #expect(size > 16 << 20)
    #expect(try await reading.read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM users") } == 0)
    try reading.close()
    for _ in 0..<3 { size = try await write(1) }
    #expect(size <= 4 << 20)
  }
}

@Suite struct SharedCatalogTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  /// The change to a write-ahead log is refused to one of those who open a new file together, once in about ten times.
  @Test func manyMayOpenANewCatalogAtOnce() async throws {
    let threads = HashingThreads(threadLimit: 6, waitingLimit: 6)
    for _ in 0..<15 {
      let directory = try TemporaryDirectory()
      try await withThrowingTaskGroup { group in
        for _ in 0..<6 {
          group.addTask { try await threads.run { () throws(CatalogError) in _ = try directory.catalog() } }
        }
        try await group.waitForAll()
      }
    }
  }

  @Test func allGetTheSameKeys() async throws {
    let keys = try await withThrowingTaskGroup { [directory] group in
      for _ in 0..<8 {
        group.addTask {
          let catalog = try directory.catalog()
          return [try await catalog.signingKey(for: .access), try await catalog.signingKey(for: .sidecar)]
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(keys.count == 8)
    #expect(keys.allSatisfy { $0 == keys[0] })
    #expect(keys[0][0] != keys[0][1])
  }

  @Test func twoCatalogsOnOneFileLoseNothing() async throws {
    let catalogs = [try directory.catalog(), try directory.catalog()]
    try await withThrowingTaskGroup { group in
      for number in 0..<200 {
        group.addTask { try await catalogs[number % 2].upsert(try .waiting(number)) }
      }
      try await group.waitForAll()
    }
    for catalog in catalogs { #expect(try await catalog.jobCounts()[.waiting] == 200) }
  }

  @Test func ofTwoWhoAddTheSameUserOneSucceeds() async throws {
    let catalogs = [try directory.catalog(), try directory.catalog()]
    let kinds = await withTaskGroup { group in
      for catalog in catalogs {
        group.addTask {
          await refusal { () throws(CatalogError) in
            _ = try await catalog.addUser(email: "ann@example.org", password: "correct horse", isAdmin: false)
          }
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(kinds.count { $0 == nil } == 1)
    #expect(kinds.contains(.duplicateUser))
  }

  @Test func readersDoNotWaitForAWriter() async throws {
    let catalog = try directory.catalog()
    let other = try directory.catalog()
    try await catalog.upsert(try .waiting(1))
    try catalog.pool.writeInTransaction { db in
      try db.execute(sql: "DELETE FROM jobs")
      #expect(try other.pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM jobs") } == 1)
      return .commit
    }
    #expect(try await other.jobs().isEmpty)
  }

  @Test func aWriterThatNeverEndsMakesOthersBusy() async throws {
    let catalog = try directory.catalog()
    let job = try JobRecord.waiting(1)
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    let holder = try DatabaseQueue(path: directory.database.string, configuration: configuration)
    try await holder.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
    let kind = await refusal { () throws(CatalogError) in try await catalog.upsert(job) }
    #expect(kind == .busy)
    try await holder.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
    try await catalog.upsert(try .waiting(1))
  }

  @Test func aCancelledTaskSaysSo() async throws {
    let catalog = try directory.catalog()
    let kind = await Task {
      unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
      return await refusal { () throws(CatalogError) in _ = try await catalog.users() }
    }.value
    #expect(kind == .cancelled)
  }
}
