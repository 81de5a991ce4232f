public import Foundation
import GRDB
public import Spool

/// What a client calls one upload, so that a repeated request is the same one (Idempotency-Key).
public struct UploadKey: Sendable, Hashable {
  public let owner: String
  public let key: String

  public init(owner: String, key: String) { (self.owner, self.key) = (owner, key) }
}

/// What is known of the upload that a key stands for.
public struct KeyedUpload: Sendable, Equatable {
  /// The job that it becomes, or has become.
  public var fid: JobID
  /// The file's name and announced size, where they were known before the body.
  public var name: String?
  public var size: Int64?
  /// The job is an earlier one with the same content.
  public var isDuplicate: Bool

  public init(fid: JobID, name: String?, size: Int64?, isDuplicate: Bool = false) {
    self.fid = fid
    self.name = name
    self.size = size
    self.isDuplicate = isDuplicate
  }

  /// May both be the same upload? What one of them does not say is no difference.
  public func agrees(with other: KeyedUpload) -> Bool {
    (name == nil || other.name == nil || name == other.name) && (size == nil || other.size == nil || size == other.size)
  }
}

extension Catalog {
  /// Writes `upload` down under its key, unless the key is known, and returns what stands there then. Keys from before
  /// `date` are forgotten.
  public func reserve(
    _ key: UploadKey, for upload: KeyedUpload, forgettingBefore date: Date
  ) async throws(CatalogError) -> KeyedUpload {
    try await write { db in
      try db.execute(sql: "DELETE FROM idempotency_keys WHERE created_at < ?", arguments: [date.milliseconds])
      try db.execute(
        sql: """
          INSERT INTO idempotency_keys (owner, key, fid, name, size, is_duplicate, created_at)
          VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (owner, key) DO NOTHING
          """,
        arguments: [
          key.owner, key.key, upload.fid.description, upload.name, upload.size, upload.isDuplicate,
          Date.now.milliseconds,
        ])
      let row = try Row.fetchOne(
        db, sql: "SELECT fid, name, size, is_duplicate FROM idempotency_keys WHERE owner = ? AND key = ?",
        arguments: [key.owner, key.key])
      guard let row, let fid = JobID(row["fid"]) else {
        throw CatalogError(.unusable, "The entry of an idempotency key is damaged.")
      }
      return KeyedUpload(fid: fid, name: row["name"], size: row["size"], isDuplicate: row["is_duplicate"])
    }
  }

  /// The upload of this key was one that an earlier job had answered.
  public func settle(_ key: UploadKey, asDuplicateOf fid: JobID) async throws(CatalogError) {
    try await write { db in
      try db.execute(
        sql: "UPDATE idempotency_keys SET fid = ?, is_duplicate = 1 WHERE owner = ? AND key = ?",
        arguments: [fid.description, key.owner, key.key])
    }
  }

  /// Nothing came of the upload: the key may be used for another one.
  public func release(_ key: UploadKey) async throws(CatalogError) {
    try await write { db in
      try db.execute(
        sql: "DELETE FROM idempotency_keys WHERE owner = ? AND key = ?", arguments: [key.owner, key.key])
    }
  }
}
