public import DurableFiles
import Foundation
import GRDB
import Spool
public import SystemPackage

/// Users, signing keys and the index of jobs, in one SQLite file.
///
/// Users and keys exist only here, so the file wants backups; the index can be rebuilt from the spool. Several processes
/// of one host may use the file at once. It holds private keys: only its owner may read it, and it must lie on a local
/// disk (SQLite's write-ahead log needs shared memory between its users, sqlite.org/wal.html).
///
/// No method blocks the caller's thread. What a method has changed is on the disk when it returns.
public final class Catalog: Sendable {
  public let path: FilePath
  let pool: DatabasePool
  let passwords: PasswordHasher
  /// Of accounts, by their digests, to log in to.
  let turns = Turns<[UInt8]>()
  let commits = GroupCommit<JobRecord>()

  /// Opens the catalog, and makes it where there is none. This blocks: call it once, at the start.
  ///
  /// - Parameters:
  ///   - passwordCost: what the hash of a password costs from now on; less than the standard is for tests.
  ///   - ownsIndex: whether the caller looks after the index. Others bring no database up to date while somebody does.
  /// - Throws: `remoteFileSystem`, `newerSchema`, `busy`, or `unusable` with the reason.
  public init(
    path: FilePath, passwordCost: PasswordCost = .standard, ownsIndex: Bool = true
  ) throws(CatalogError) {
    self.path = path
    self.passwords = PasswordHasher(cost: passwordCost)
    do { self.pool = try CatalogFile(path: path, ownsIndex: ownsIndex).open() } catch {
      throw CatalogError(error, at: path)
    }
  }

  /// Takes the place of the one process that looks after the index of the database at `path`; nil where another has it.
  public static func ownIndex(of path: FilePath) throws(FileError) -> ProcessLock? {
    do { return try ProcessLock(path: FilePath("\(path).lock")) } catch {
      guard error.errno == .wouldBlock || error.errno == .resourceTemporarilyUnavailable else { throw error }
      return nil
    }
  }

  func read<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws(CatalogError) -> Value {
    do { return try await pool.read(body) } catch { throw CatalogError(error, at: path) }
  }

  /// Runs `body` in a transaction: all of it happens, or nothing.
  func write<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws(CatalogError) -> Value {
    do { return try await pool.write(body) } catch { throw CatalogError(error, at: path) }
  }
}

extension Date {
  /// The time as the catalog keeps it: milliseconds since 1970.
  var milliseconds: Int64 { Int64((timeIntervalSince1970 * 1000).rounded()) }

  init(milliseconds: Int64) { self.init(timeIntervalSince1970: Double(milliseconds) / 1000) }
}
