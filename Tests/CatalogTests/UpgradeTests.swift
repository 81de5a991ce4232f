import Foundation
import GRDB
import Spool
import SystemPackage
import Testing
import Tokens

@testable import Catalog

/// A catalog as an earlier version made it, from `Schemas`: with rows in each of its tables.
struct StoredCatalog: CustomTestStringConvertible {
  let name: String

  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Schemas")

  static let all = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
    .filter { $0.hasSuffix(".sql") }.map(StoredCatalog.init)

  var testDescription: String { name }

  /// The first part of the name: how many steps of the schema it has.
  var schema: Int { Int(name.prefix { $0 != "-" }) ?? 0 }

  func has(_ table: String) throws -> Bool { try text.contains("CREATE TABLE \(table) ") }

  private var text: String {
    get throws { try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8) }
  }

  func write(to path: FilePath) throws {
    var configuration = Configuration()
    // The tables come in the order of their names.
    configuration.foreignKeysEnabled = false
    let queue = try DatabaseQueue(path: path.string, configuration: configuration)
    try queue.writeWithoutTransaction { try $0.execute(sql: try text) }
    try queue.close()
  }
}

@Suite struct UpgradeTests {
  let directory: TemporaryDirectory
  private let token = "mp3s_01234567890123456789012345678901234567890121IDfut"

  init() throws { directory = try TemporaryDirectory() }

  @Test func everySchemaThatThereWasIsStored() {
    #expect(Set(StoredCatalog.all.map(\.schema)).isSuperset(of: [1, 2, 3, 4, 6, Schema.migrator.migrations.count]))
  }

  @Test(arguments: StoredCatalog.all) func whatAnEarlierVersionKeptIsKept(_ stored: StoredCatalog) async throws {
    try stored.write(to: directory.database)
    let before = try rows(of: directory.database)
    _ = try directory.catalog()
    let after = try rows(of: directory.database)
    for (table, rows) in before where table != "grdb_migrations" {
      // Columns may have come.
      let columns = Set(rows.flatMap(\.keys))
      let known = (after[table] ?? []).map { row in row.filter { columns.contains($0.key) } }
      #expect(Set(known) == rows, "\(table)")
    }
    #expect(after["grdb_migrations"]?.count == Schema.migrator.migrations.count)
  }

  @Test(arguments: StoredCatalog.all) func anEarlierCatalogIsUsable(_ stored: StoredCatalog) async throws {
    try stored.write(to: directory.database)
    let catalog = try directory.catalog()
    let ann = try #require(try await catalog.authenticate(email: "ann@example.org", password: "correct horse"))
    #expect(ann.id == 1 && ann.isAdmin)
    #expect(try await catalog.users().map(\.isDisabled) == [false, true])
    #expect(try await catalog.signingKey(for: .sidecar).rawRepresentation.first == 2)
    let jobs = try await catalog.jobs()
    #expect(jobs.map(\.state) == [.failed, .waiting, .done])
    #expect(jobs.last?.result?.track == 1 && jobs.first?.failure?.code == "no-audio")
    if try stored.has("api_tokens") {
      let found = try await catalog.token(try APITokenSecret(token))
      #expect(found?.user == ann && found?.token.scopes == [.download, .upload])
    }
    if try stored.has("quotas") {
      #expect(try await catalog.quotaRules(of: "bob@example.org").bytes == .limit(1_000_000))
    }
    if try stored.has("webhooks") { #expect(try await catalog.webhooks().map(\.url) == ["https://example.org/hook"]) }
    // Another user gets no id that a token may name.
    let carl = try await catalog.addUser(email: "carl@example.org", password: "battery staple", isAdmin: false)
    #expect(carl.id == 4)
    _ = try await catalog.addWebhook("https://example.org/new", of: "carl@example.org")
    try await catalog.upsert(jobs.map { $0.moved(to: .done, attempt: 7) })
    #expect(try await catalog.jobCounts()[.done] == 3)
  }

  @Test(arguments: StoredCatalog.all) func theCatalogBeforeAnUpgradeIsKept(_ stored: StoredCatalog) async throws {
    try stored.write(to: directory.database)
    let before = try rows(of: directory.database)
    _ = try directory.catalog()
    _ = try directory.catalog()
    let kept = FilePath("\(directory.database).schema-\(stored.schema)")
    let isOlder = stored.schema < Schema.migrator.migrations.count
    #expect(
      try directory.modes().keys.filter { $0.contains("schema") } == (isOlder ? [kept.lastComponent!.string] : []))
    guard isOlder else { return }
    #expect(try directory.modes()[kept.lastComponent!.string] == 0o600)
    let contents = try Catalog.contents(ofBackup: kept)
    #expect((contents.schema, contents.users, contents.jobs) == (stored.schema, 2, 3))
    #expect(try rows(of: kept).filter { $0.key != "backup_note" } == before)
  }

  /// Each step is a transaction: what was done before the one that failed stays done, and the next start goes on.
  @Test func anUpgradeThatDiesInTheMiddleGoesOnLater() async throws {
    let stored = try #require(StoredCatalog.all.first)
    try stored.write(to: directory.database)
    let queue = try DatabaseQueue(path: directory.database.string)
    // The last step meets with a table that is there.
    try await queue.write { try $0.execute(sql: "CREATE TABLE deliveries (x)") }
    #expect(throws: CatalogError.self) { try directory.catalog() }
    let kept = FilePath("\(directory.database).schema-1")
    #expect(try Catalog.contents(ofBackup: kept).users == 2)
    try await queue.write { try $0.execute(sql: "DROP TABLE deliveries") }
    let catalog = try directory.catalog()
    #expect(try await catalog.users().count == 2)
    #expect(try Catalog.contents(ofBackup: kept).schema == 1)
  }

  /// A command of this version would change the schema under a service of an earlier one.
  @Test func aCatalogThatAServiceHasIsNotUpgradedByOthers() async throws {
    let stored = try #require(StoredCatalog.all.first)
    try stored.write(to: directory.database)
    let before = try rows(of: directory.database)
    let held = try Catalog.ownIndex(of: directory.database)
    let error = #expect(throws: CatalogError.self) {
      try Catalog(path: directory.database, passwordCost: .forTests, ownsIndex: false)
    }
    #expect(error?.kind == .busy && error?.description.contains("Restart the service") == true)
    #expect(try rows(of: directory.database) == before)
    #expect(try directory.modes().keys.filter { $0.contains("schema") } == [])
    _ = consume held
    let catalog = try Catalog(path: directory.database, passwordCost: .forTests, ownsIndex: false)
    #expect(try await catalog.users().count == 2)
    // The lock was held for the upgrade alone; an up-to-date catalog needs none.
    let service = try Catalog.ownIndex(of: directory.database)
    let isHeld = service != nil
    #expect(isHeld)
    _ = try Catalog(path: directory.database, passwordCost: .forTests, ownsIndex: false)
    _ = consume service
  }

  @Test func aDamagedCatalogIsNotUpgraded() async throws {
    try #require(StoredCatalog.all.first).write(to: directory.database)
    let queue = try DatabaseQueue(path: directory.database.string)
    try await queue.write {
      try $0.execute(sql: "PRAGMA writable_schema = ON")
      try $0.execute(sql: "UPDATE sqlite_schema SET rootpage = 2 WHERE name = 'jobs_by_end'")
    }
    try queue.close()
    let error = #expect(throws: CatalogError.self) { try directory.catalog() }
    #expect(error?.description.contains("damaged") == true, "\(String(describing: error))")
  }

  /// All rows but those of the tables that keep a time of now.
  private func rows(of path: FilePath) throws -> [String: Set<[String: DatabaseValue]>] {
    try DatabaseQueue(path: path.string).read { db in
      let tables = try String.fetchAll(
        db,
        sql: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'ended_jobs'"
      )
      return try Dictionary(
        uniqueKeysWithValues: tables.map { table in
          let rows = try Row.fetchAll(db, sql: "SELECT * FROM \(table)")
          return (table, Set(rows.map { row in Dictionary(row.map { ($0.0, $0.1) }) { first, _ in first } }))
        })
    }
  }
}
