import DurableFiles
import Foundation
import GRDB
import SystemPackage

/// A backup, or a database that was copied by other means. It is read, and nothing is written beside it.
struct BackupSource {
  let path: FilePath

  func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
    // SQLite would say only that it cannot open the file.
    let header = DatabaseHeader(try SourceFile(reading: path).read(upTo: DatabaseHeader.size, at: 0))
    guard header?.hasWriteAheadLog == true else { return try open(path.string).read(body) }
    guard try Files.status(FilePath("\(path)-wal")) == nil else { return try readWithLog(body) }
    return try open(unchanging).read(body)
  }

  /// Beside a file that works with a write-ahead log SQLite makes others, even where there is no log to read, unless it is
  /// told that nobody changes the file (sqlite.org/uri.html, "immutable").
  private var unchanging: String {
    let plain = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "/-._~"))
    return "file:\(path.string.addingPercentEncoding(withAllowedCharacters: plain) ?? path.string)?immutable=1"
  }

  private func readWithLog<Value>(_ body: (Database) throws -> Value) throws -> Value {
    do { return try open(path.string).read(body) } catch let error as DatabaseError
      where [.SQLITE_CANTOPEN, .SQLITE_READONLY].contains(error.resultCode)
    {
      throw CatalogError(
        .unusable,
        """
        The backup \(path) cannot be opened where it is, since a part of it is in \(path)-wal. Copy both to a place that \
        you may write to.
        """)
    }
  }

  private func open(_ name: String) throws -> DatabaseQueue {
    var configuration = CatalogFile.configuration
    configuration.readonly = true
    return try DatabaseQueue(path: name, configuration: configuration)
  }
}
