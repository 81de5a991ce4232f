import AuthService
import Catalog
import DurableFiles
import Foundation
import HTTPTypes
import Hummingbird
import Spool
import Synchronization

/// Uploads that their client gave a name, so that it may repeat a request whose answer it did not hear
/// (`Idempotency-Key`): the same key of the same owner means the same job for 24 hours.
///
/// The job's id is written down under the key before the first byte is staged under that id. After a crash the spool
/// tells whether the job came to be; where it did not, the repeated request makes it, under the same id. So there is
/// never a second one.
final class KeyedUploads: Sendable {
  private let spool: Spool
  private let catalog: Catalog
  private let underWay = Mutex<Set<UploadKey>>([])

  private static let lifetime: TimeInterval = 24 * 3600
  private static let longestKey = 255

  init(spool: Spool, catalog: Catalog) { (self.spool, self.catalog) = (spool, catalog) }

  /// Lets `work` take the upload in, with the id that it is to have, unless the request's key says that this was done.
  ///
  /// - Parameter upload: what is known of it, with the id that it gets if it is new.
  /// - Throws: 400 for a key that cannot be, 409 while the first request is under way, 422 where the key was another
  ///   upload's; and what `work` throws: then the key is free again.
  func once(
    _ request: Request, _ upload: KeyedUpload, owner: String, _ work: (JobID) async throws -> Accepted
  ) async throws -> Accepted {
    guard let text = request.headers[.idempotencyKey] else { return try await work(upload.fid) }
    let key = UploadKey(owner: owner, key: try Self.checked(text))
    guard underWay.withLock({ $0.insert(key).inserted }) else {
      throw HTTPFailure(
        .conflict, "a request with this Idempotency-Key is under way", headers: [.retryAfter: "1"])
    }
    defer { underWay.withLock { _ = $0.remove(key) } }
    let known = try await catalog.reserve(
      key, for: upload, forgettingBefore: Date(timeIntervalSinceNow: -Self.lifetime))
    guard known.agrees(with: upload) else {
      throw HTTPFailure(.unprocessableContent, "this Idempotency-Key was another upload's")
    }
    if known.fid != upload.fid, try await exists(known) {
      return Accepted(fid: known.fid, isDuplicate: known.isDuplicate, isReplay: true)
    }
    return try await take(known, key, work)
  }

  private func take(
    _ upload: KeyedUpload, _ key: UploadKey, _ work: (JobID) async throws -> Accepted
  ) async throws -> Accepted {
    do {
      let accepted = try await work(upload.fid)
      if accepted.isDuplicate { try await catalog.settle(key, asDuplicateOf: accepted.fid) }
      return accepted
    } catch {
      // What could not be told to the client may have come to be nevertheless.
      if (try? await exists(upload)) == false { try? await catalog.release(key) }
      throw error
    }
  }

  private func exists(_ upload: KeyedUpload) async throws -> Bool {
    if upload.isDuplicate { return true }
    if try await catalog.job(upload.fid) != nil { return true }
    if try await catalog.isExpired(upload.fid) { return true }
    return try await BlockingThreads.run { [spool] () throws(SpoolError) in
      if try spool.upload(upload.fid) != nil { return true }
      return try spool.find(upload.fid) != nil
    }
  }

  private static func checked(_ key: String) throws -> String {
    let isPrintable = key.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    guard !key.isEmpty, key.unicodeScalars.count <= longestKey, isPrintable else {
      throw HTTPFailure(
        .badRequest, "an Idempotency-Key must have 1 to \(longestKey) characters, none of them a control character")
    }
    return key
  }
}

extension HTTPField.Name {
  static let idempotencyKey = Self("Idempotency-Key")!
  /// `true` where a request with a key was answered before.
  static let idempotencyReplayed = Self("Idempotency-Replayed")!
}
