import DurableFiles
import Foundation
import GRDB
public import SystemPackage

/// What became of a restored backup.
public struct Restoration: Sendable, Equatable {
  public let contents: BackupContents
  /// Where the database is now that was there before; nil where there was none.
  public let former: FilePath?
}

extension Catalog {
  /// Puts a backup in the place of the database at `path`, brought up to date with this program's schema.
  ///
  /// The database that was there is kept beside it under another name. A crash at any moment leaves either of them at
  /// `path`, whole. This blocks.
  ///
  /// - Parameter overDamaged: replace also a database that cannot be read, of which nobody can tell whether it is in use.
  /// - Throws: `busy` where somebody uses the database; `notReplaced` where it is another user's, another program's, or
  ///   damaged; `missingBackup`, or `noBackup` with what is wrong with it; `outOfSpace`, `remoteFileSystem`, `unusable`.
  ///   The database is then as it was.
  public static func restore(
    _ backup: FilePath, to path: FilePath, overDamaged: Bool = false
  ) throws(CatalogError) -> Restoration {
    try restore(backup, to: path, overDamaged: overDamaged) {}
  }

  /// - Parameter meanwhile: happens where somebody may come to the database before it is locked, for tests.
  static func restore(
    _ backup: FilePath, to path: FilePath, overDamaged: Bool = false, meanwhile: () throws -> Void
  ) throws(CatalogError) -> Restoration {
    do {
      let exchange = DatabaseExchange(backup: backup, target: path.resolved, overDamaged: overDamaged)
      return try exchange.run(meanwhile)
    } catch { throw CatalogError(error, at: path) }
  }
}

extension Catalog {
  /// Looks at the backup and at the place, and makes nothing.
  ///
  /// - Throws: what ``restore(_:to:overDamaged:)`` would refuse before it begins.
  public static func requireRestorable(_ backup: FilePath, to path: FilePath) throws(CatalogError) {
    do {
      try DatabaseExchange(backup: backup, target: path.resolved, overDamaged: false).refuseOthersFiles()
    } catch { throw CatalogError(error, at: path) }
    _ = try contents(ofBackup: backup)
  }
}

extension FilePath {
  /// Where the path is a symbolic link, the file that it leads to is replaced.
  fileprivate var resolved: FilePath { FilePath(URL(filePath: string).resolvingSymlinksInPath().path) }
}

/// The steps of a restoration:
///
/// | step   | what it does                                                      | a crash within it leaves           |
/// |--------|-------------------------------------------------------------------|------------------------------------|
/// | stage  | copies the backup to `.restoring`, checks it, brings it up to date | the former database, and the copy  |
/// | seize  | ends the former one's write-ahead log, keeps everybody else out   | the former database in one file    |
/// | keep   | gives the former one a second name by link(2)                     | the former database with two names |
/// | place  | renames the copy over the former one                              | the new database                   |
///
/// A write-ahead log does not say whose it is: SQLite would apply the former one's to the new database (sqlite.org/howtocorrupt.html,
/// 1.4). So there must be none beside `target` before anything else gets that name.
private struct DatabaseExchange {
  let backup: FilePath
  let target: FilePath
  let overDamaged: Bool

  private var staged: FilePath { FilePath("\(target).restoring") }

  func run(_ meanwhile: () throws -> Void) throws -> Restoration {
    try CatalogFile.refuseRemote(Files.fileSystem(at: target.directory), target)
    try refuseOthersFiles()
    forgetInterrupted()
    defer { BackupFile.remove(staged) }
    let contents = try stage()
    return Restoration(contents: contents, former: try exchange(meanwhile))
  }

  /// SQLite's files must all belong to whom the services run as; root's would lock them out.
  func refuseOthersFiles() throws {
    // The database, or else the directory that it, or that its directory, will be made in: whose that is matters to root, who
    // may write to any; others may well be let in by their group, as into a new volume of a cluster.
    let places = geteuid() == 0 ? [target, target.directory, target.directory.directory] : [target]
    guard let owner = try places.compactMap({ try Files.status($0)?.owner }).first, owner != geteuid() else { return }
    throw CatalogError(
      .notReplaced,
      "The database \(target) belongs to the user with the id \(owner). Restore it as that user, so that it stays theirs."
    )
  }

  /// What a restoration that was interrupted has left: its copy, be it nameless yet (`makePrivately`), and a second name of
  /// the database that is still in place.
  private func forgetInterrupted() {
    BackupFile.remove(staged)
    for path in FilePath("\(staged).").completions { try? Files.unlink(path) }
    guard let inode = try? Files.status(target)?.inode else { return }
    for path in formerName("").completions where (try? Files.status(path))?.inode == inode {
      try? Files.unlink(path)
    }
  }

  private func stage() throws -> BackupContents {
    do {
      let contents = try BackupSource(path: backup).read { source in
        try BackupFile.copy(source, to: staged, madeAt: nil, about: .backup(backup))
      }
      try bringUpToDate()
      return contents
    } catch {
      let isFull = (error as? DatabaseError)?.resultCode == .SQLITE_FULL
      throw CatalogError(error, about: isFull ? .database(target) : .backup(backup))
    }
  }

  private func bringUpToDate() throws {
    let queue = try DatabaseQueue(path: staged.string, configuration: CatalogFile.configuration)
    try Schema.prepare(queue, about: .backup(backup))
    try queue.write { db in
      try BackupNote.remove(from: db)
      try Schema.forgetEvents(db)
    }
    try queue.close()
    try SourceFile(reading: staged).synchronize()
  }

  /// Seizes the former database, keeps it, and places the new one.
  private func exchange(_ meanwhile: () throws -> Void) throws -> FilePath? {
    guard try Files.status(target) != nil else {
      // Somebody has removed the database, but not its log.
      try setAsideLogs(of: formerName(Self.stamp()))
      try place()
      return nil
    }
    do {
      try requireHeader()
      return try exchangeSeized(meanwhile)
    } catch let error as DatabaseError where error.isOfDamage {
      guard overDamaged else { throw doubt(error) }
      let former = try keep()
      try setAsideLogs(of: former)
      try place()
      return former
    } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
      throw inUse
    }
  }

  private var inUse: CatalogError {
    CatalogError(.busy, "The database \(target) is in use. Stop the services and commands that use it, then try again.")
  }

  private var notOurs: CatalogError {
    CatalogError(.notReplaced, "\(target) is a database of another program, which is not replaced. Name mp3spool's.")
  }

  /// SQLite may delete the log of a file that is none of its own, and the log may be all that is left of it.
  private func requireHeader() throws {
    let file = try SourceFile(reading: target)
    let isNew = try file.status().size == 0 && Files.status(FilePath("\(target)-wal")) == nil
    let header = DatabaseHeader(try file.read(upTo: DatabaseHeader.size, at: 0))
    // The file says nothing yet where all that was ever written is in its log.
    if let header, ![0, Schema.applicationID].contains(header.application) { throw notOurs }
    guard isNew || header != nil else {
      throw DatabaseError(resultCode: .SQLITE_NOTADB, message: "file is not a database")
    }
  }

  /// A change of the journal mode needs the file for itself, and so tells whether anybody has it open (sqlite.org/wal.html).
  /// Then the lock of an exclusive transaction keeps others out; `CatalogFile.open` sees that it has waited for a file that
  /// was replaced. Between the two nothing is locked: whoever comes then turns the log on again, and with that this lock
  /// keeps nobody out.
  private func exchangeSeized(_ meanwhile: () throws -> Void) throws -> FilePath {
    let queue = try DatabaseQueue(path: target.string, configuration: CatalogFile.configuration)
    return try queue.writeWithoutTransaction { db in
      guard try Schema.isOurs(db) else { throw notOurs }
      try db.execute(sql: "PRAGMA journal_mode = DELETE")
      try meanwhile()
      var former = target
      try db.inTransaction(.exclusive) {
        _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema")
        guard try String.fetchOne(db, sql: "PRAGMA journal_mode") == "delete" else { throw inUse }
        former = try keep()
        try place()
        return .commit
      }
      return former
    }
  }

  private func doubt(_ error: DatabaseError) -> CatalogError {
    CatalogError(
      .notReplaced,
      """
      The database \(target) cannot be read (\(error.message ?? "\(error.resultCode)")), so nobody can tell whether it is \
      in use. Stop all that uses it, then restore with --force; the damaged file is kept.
      """)
  }

  /// Gives the former database a second name.
  private func keep() throws -> FilePath {
    let name = formerName(Self.stamp())
    let names = [name] + (2...100).map { FilePath("\(name)-\($0)") }
    guard let free = try names.first(where: { try Files.status($0) == nil }) else {
      throw CatalogError(.unusable, "There are too many former databases beside \(target).")
    }
    try Files.link(target, to: free)
    try Files.synchronize(directory: target.directory)
    return free
  }

  private func formerName(_ stamp: String) -> FilePath { FilePath("\(target).before-restore-\(stamp)") }

  private static func stamp() -> String {
    Date.now.formatted(.iso8601.dateSeparator(.omitted).timeSeparator(.omitted))
  }

  /// Gives logs that nobody could end to the former database, which they belong to.
  private func setAsideLogs(of former: FilePath) throws {
    for end in ["-wal", "-journal"] where try Files.status(FilePath("\(target)\(end)")) != nil {
      try Files.rename(FilePath("\(target)\(end)"), to: FilePath("\(former)\(end)"))
    }
    try Files.unlinkIfPresent(FilePath("\(target)-shm"))
    try Files.synchronize(directory: target.directory)
  }

  private func place() throws {
    try Files.rename(staged, to: target)
    try Files.synchronize(directory: target.directory)
  }
}

extension DatabaseError {
  fileprivate var isOfDamage: Bool { resultCode == .SQLITE_NOTADB || resultCode == .SQLITE_CORRUPT }
}
