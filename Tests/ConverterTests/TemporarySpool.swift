import Foundation
import Spool
import SystemPackage
import Testing

/// A spool for one test, removed at the end of its life.
final class TemporarySpool: Sendable {
  let root: FilePath
  let spool: Spool

  init() throws {
    root = FilePath(NSTemporaryDirectory()).appending("ConverterTests-\(UUID().uuidString)")
    spool = try Spool(opening: root)
  }

  deinit { try? FileManager.default.removeItem(atPath: root.string) }

  /// A job of this test, claimed.
  func claimed() throws -> Claim {
    let staged = try spool.stage(JobID(at: Date()))
    let id = staged.id
    try staged.commit(sidecar: [])
    return try #require(try spool.claim(.waiting(id, attempt: 0), for: .here()))
  }
}
