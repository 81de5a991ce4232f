@testable import Spool

/// The small JSON files in the spool, which other hosts may have written.
enum RecordsTarget {
  @Sendable static func run(_ bytes: [UInt8]) {
    attempt(JobResult.self, bytes)
    attempt(JobFailure.self, bytes)
    attempt(JobProgress.self, bytes)
    attempt(JobRecord.self, bytes)
    attempt(HostRecord.self, bytes)
  }

  private static func attempt<Record: Codable & Equatable>(_ type: Record.Type, _ bytes: [UInt8]) {
    guard let record = JSON.decode(type, from: bytes) else { return }
    require(JSON.decode(type, from: JSON.encode(record)) == record, "\(type) is written as it was read")
  }
}
