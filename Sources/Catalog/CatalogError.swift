import DurableFiles
import GRDB
import SystemPackage

/// Something that the catalog refused or could not do.
public struct CatalogError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Kind: Sendable, Hashable {
    /// There is a user of that email already.
    case duplicateUser
    /// There is no user of that email.
    case unknownUser
    /// An email or a password that no user may have, or another value that cannot be kept.
    case invalid
    /// There is no API token of that id.
    case unknownToken
    /// The user has as many API tokens as one may have.
    case tooManyTokens
    /// There is no webhook of that id.
    case unknownWebhook
    /// The user has that webhook, or as many as one may have.
    case surplusWebhook
    /// There is no delivery of that number.
    case unknownDelivery
    /// A delivery has nowhere to go any more.
    case lostDelivery
    /// Others held the database, or the hashing of passwords, for too long.
    case busy
    /// The disk is full.
    case outOfSpace
    /// The task was cancelled.
    case cancelled
    /// The database would lie on a file system that hosts share.
    case remoteFileSystem
    /// The database was made by a newer mp3spool.
    case newerSchema
    /// The file is damaged, no catalog, or out of reach.
    case unusable
    /// There is no backup of that name.
    case missingBackup
    /// The backup is damaged, another program's or a newer mp3spool's, so that nothing can be made of it.
    case noBackup
    /// There is a file that is not replaced, or not so.
    case notReplaced
  }

  public let kind: Kind
  public let description: String

  /// Trying again later may help.
  public var isTemporary: Bool { kind == .busy || kind == .outOfSpace || kind == .cancelled }

  init(_ kind: Kind, _ sentence: String) {
    self.kind = kind
    self.description = sentence
  }
}

/// The file that an error is about.
struct CatalogSubject: CustomStringConvertible {
  let path: FilePath
  let isBackup: Bool

  static func database(_ path: FilePath) -> Self { Self(path: path, isBackup: false) }
  static func backup(_ path: FilePath) -> Self { Self(path: path, isBackup: true) }

  var description: String { "\(isBackup ? "backup" : "database") \(path)" }

  /// The file is not as a catalog should be; `predicate` says how, and follows its name.
  func refused(_ predicate: String, _ kind: CatalogError.Kind = .unusable) -> CatalogError {
    CatalogError(isBackup ? .noBackup : kind, "The \(self) \(predicate)")
  }
}

extension CatalogError {
  /// What `error`, met while working on the database at `path`, means to the caller.
  init(_ error: any Error, at path: FilePath) { self.init(error, about: .database(path)) }

  /// What `error`, met while working on that file, means to the caller.
  init(_ error: any Error, about subject: CatalogSubject) {
    switch error {
    case let error as CatalogError: self = error
    case let error as DatabaseError: self.init(error, about: subject)
    case let error as FileError where subject.isBackup && error.isAbsent && error.path == subject.path:
      self.init(.missingBackup, "There is no backup \(subject.path).")
    case let error as FileError:
      self.init(error.isOutOfSpace ? .outOfSpace : .unusable, "The \(subject) cannot be used: \(error).")
    case let error as Errno where [.noSpace, .diskQuotaExceeded].contains(error):
      self.init(.outOfSpace, "There is no space left for the \(subject).")
    case is CancellationError: self.init(.cancelled, "The work on the \(subject) was cancelled.")
    default: self.init(.unusable, "The \(subject) cannot be used: \(error).")
    }
  }

  /// Result codes: sqlite.org/rescode.html.
  private init(_ error: DatabaseError, about subject: CatalogSubject) {
    let detail = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
    switch error.resultCode {
    case .SQLITE_BUSY, .SQLITE_LOCKED: self.init(.busy, "The \(subject) is busy. Try again.")
    case .SQLITE_FULL: self.init(.outOfSpace, "There is no space left for the \(subject).")
    case .SQLITE_INTERRUPT, .SQLITE_ABORT: self.init(.cancelled, "The work on the \(subject) was cancelled.")
    case .SQLITE_NOTADB:
      self.init(subject.isBackup ? .noBackup : .unusable, "\(subject.path) is not an SQLite database.")
    case .SQLITE_CORRUPT:
      self = subject.refused("is damaged (\(detail)).\(subject.isBackup ? "" : " Restore it from a backup.")")
    case .SQLITE_READONLY: self.init(.unusable, "The \(subject) is not writable.")
    case .SQLITE_CANTOPEN: self.init(.unusable, "The \(subject) cannot be opened (\(detail)).")
    case .SQLITE_IOERR:
      let code = error.extendedResultCode.rawValue
      self.init(
        .unusable, "The \(subject) cannot be read or written: its disk fails or is full (SQLite error \(code)).")
    default: self.init(.unusable, "The \(subject) cannot be used: \(detail).")
    }
  }
}
