import DurableFiles
import Foundation
import GRDB
public import SystemPackage

extension Catalog {
  /// Copies the whole catalog, as it is at one moment, to one file, and checks the copy before it gets its name. Others may
  /// go on reading and writing. The copy has mode 0600, since it holds what the catalog holds: hashes of passwords, private
  /// keys and the secrets of webhooks. It is on the disk when this returns.
  ///
  /// A backup that has the name already is replaced; any other file is not.
  ///
  /// - Throws: `outOfSpace`, `busy`, `unusable`, `notReplaced`; what had the name is then untouched.
  @discardableResult
  public func backup(to target: FilePath) async throws(CatalogError) -> BackupContents {
    do {
      return try await pool.read { [path] source in
        try BackupFile(path: target).refuseWhatIsNoBackup()
        return try BackupFile(path: target).write(source, of: path)
      }
    } catch { throw CatalogError(error, about: .copy(of: path, at: target, error)) }
  }

  /// What a backup holds, once it was seen to be whole. Any database of mp3spool will do, and it is only read.
  ///
  /// - Throws: `missingBackup`, `noBackup` with what is wrong, `busy`, `unusable`.
  public static func contents(ofBackup path: FilePath) throws(CatalogError) -> BackupContents {
    let backup = CatalogSubject.backup(path)
    do {
      return try BackupSource(path: path).read { try BackupContents(checking: $0, about: backup) }
    } catch { throw CatalogError(error, about: backup) }
  }
}

extension CatalogSubject {
  /// Where a copy fails: a database that is damaged or busy is the one that is copied; all else is about the copy's place.
  fileprivate static func copy(of source: FilePath, at target: FilePath, _ error: any Error) -> Self {
    let code = (error as? DatabaseError)?.resultCode
    return code == .SQLITE_CORRUPT || code == .SQLITE_BUSY ? .database(source) : .backup(target)
  }
}

/// A copy of the catalog under construction.
struct BackupFile {
  let path: FilePath

  /// Copies `source`, the database at `origin`, checks the copy, and gives it the name.
  func write(_ source: Database, of origin: FilePath) throws -> BackupContents {
    forgetInterrupted()
    let partial = FilePath("\(path).\(UUID().uuidString)\(Self.partialEnd)")
    defer { Self.remove(partial) }
    let contents = try Self.copy(source, to: partial, madeAt: .now, about: .database(origin))
    try Files.rename(partial, to: path)
    try Files.synchronize(directory: path.directory)
    return contents
  }

  /// What backups have left that were broken off. Another one may be at work beside this one: its copy is younger.
  private func forgetInterrupted() {
    let begin = "\(path)."
    for file in FilePath(begin).completions where file.string.hasSuffix(Self.partialEnd) {
      let middle = file.string.dropFirst(begin.count).dropLast(Self.partialEnd.count)
      guard UUID(uuidString: String(middle)) != nil, let status = try? Files.status(file),
        Date.now.timeIntervalSince1970 - status.modified / .seconds(1) > Self.partialLifetime
      else { continue }
      Self.remove(file)
    }
  }

  private static let partialEnd = ".partial"
  /// In seconds: a copy is written to all the time.
  private static let partialLifetime = 86_400.0

  /// SQLite's online backup (sqlite.org/backup.html), ended in a journal mode that needs no second file.
  ///
  /// - Parameters:
  ///   - madeAt: what the copy says of its age.
  ///   - subject: what is copied.
  static func copy(
    _ source: Database, to path: FilePath, madeAt: Date?, about subject: CatalogSubject
  ) throws -> BackupContents {
    try CatalogFile(path: path).makePrivately()
    let copy = try DatabaseQueue(path: path.string, configuration: CatalogFile.configuration)
    let contents = try copy.writeWithoutTransaction { target in
      try source.backup(to: target)
      try target.execute(sql: "PRAGMA journal_mode = DELETE")
      if let madeAt { try BackupNote.write(madeAt, to: target) }
      return try BackupContents(checking: target, about: subject)
    }
    try copy.close()
    try SourceFile(reading: path).synchronize()
    return contents
  }

  static func remove(_ path: FilePath) {
    for end in ["", "-journal", "-wal", "-shm"] { try? Files.unlink(FilePath("\(path)\(end)")) }
  }

  /// A slip of the keyboard must cost no other file, least of all a database that is in use.
  func refuseWhatIsNoBackup() throws {
    guard let status = try Files.status(path) else { return }
    guard status.kind == .file else { throw refusal("is no file") }
    let header = DatabaseHeader(try SourceFile(reading: path).read(upTo: DatabaseHeader.size, at: 0))
    guard let header, header.application == Schema.applicationID else { throw refusal("is no backup of mp3spool") }
    guard !header.hasWriteAheadLog else { throw refusal("is a database that mp3spool works with") }
  }

  private func refusal(_ reason: String) -> CatalogError {
    CatalogError(.notReplaced, "\(path) \(reason), so it is not replaced. Choose another name for the backup.")
  }
}

/// What the first bytes of an SQLite file say (sqlite.org/fileformat.html, 1.3).
struct DatabaseHeader {
  static let size = 100

  let application: Int
  let hasWriteAheadLog: Bool

  init?(_ bytes: [UInt8]) {
    guard bytes.count == Self.size, bytes.starts(with: Array("SQLite format 3\0".utf8)) else { return nil }
    application = bytes[68..<72].reduce(0) { $0 << 8 | Int($1) }
    hasWriteAheadLog = bytes[18] == 2
  }
}

/// When a backup was made, written into the backup itself: the time of a file is that of its last copy.
enum BackupNote {
  static func write(_ date: Date, to db: Database) throws {
    try remove(from: db)
    try db.execute(sql: "CREATE TABLE backup_note (made_at INTEGER NOT NULL) STRICT")
    try db.execute(sql: "INSERT INTO backup_note VALUES (?)", arguments: [date.milliseconds])
  }

  static func read(_ db: Database) throws -> Date? {
    guard try db.tableExists("backup_note") else { return nil }
    return try Int64.fetchOne(db, sql: "SELECT made_at FROM backup_note").map(Date.init(milliseconds:))
  }

  static func remove(from db: Database) throws { try db.execute(sql: "DROP TABLE IF EXISTS backup_note") }
}

extension FilePath {
  /// Where the name is looked up.
  var directory: FilePath {
    let directory = removingLastComponent()
    return directory.isEmpty ? "." : directory
  }

  /// What is there whose path begins so.
  var completions: [FilePath] {
    guard let begin = lastComponent?.string, let names = try? Files.names(in: directory) else { return [] }
    return names.filter { $0.hasPrefix(begin) }.map { removingLastComponent().appending($0) }
  }
}
