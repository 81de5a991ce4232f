import DurableFiles
import Foundation
import GRDB
public import SystemPackage

extension Catalog {
  /// Copies the whole catalog, as it is at one moment, to one file that takes the place of what had that name.
  /// Others may go on reading and writing. The copy has mode 0600, and is on the disk when this returns.
  ///
  /// - Throws: `outOfSpace`, `busy`, `unusable`; the former file is then untouched.
  public func backup(to target: FilePath) async throws(CatalogError) {
    let partial = FilePath("\(target).\(UUID().uuidString).partial")
    do {
      try await pool.read { source in
        defer { for end in ["", "-journal", "-wal", "-shm"] { try? Files.unlink(FilePath("\(partial)\(end)")) } }
        try CatalogFile(path: partial).makePrivately()
        try Self.copy(source, to: partial)
        try Files.rename(partial, to: target)
        let directory = target.removingLastComponent()
        try Files.synchronize(directory: directory.isEmpty ? "." : directory)
      }
    } catch { throw CatalogError(error, at: target) }
  }

  /// SQLite's online backup (sqlite.org/backup.html), ended in a journal mode that needs no second file.
  private static func copy(_ source: Database, to path: FilePath) throws {
    let copy = try DatabaseQueue(path: path.string)
    try copy.writeWithoutTransaction { target in
      try source.backup(to: target)
      try target.execute(sql: "PRAGMA journal_mode = DELETE")
    }
    try copy.close()
  }
}
