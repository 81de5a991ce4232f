import DurableFiles
import Foundation
public import Spool
import SystemPackage
public import Tokens
import WireFormats

extension JobRecord {
  /// A job that was enqueued just now.
  public init(waiting sidecar: Sidecar) {
    self.init(sidecar, in: .waiting, .waiting(sidecar.id, attempt: 0))
  }

  init(_ sidecar: Sidecar, in state: JobState, _ name: JobName) {
    self.init(
      id: sidecar.id, state: state, attempt: name.attempt, owner: sidecar.owner, name: sidecar.name,
      size: sidecar.size, sha256: sidecar.sha256, options: sidecar.options, origin: sidecar.origin,
      submittedAt: sidecar.issuedAt, directory: name.description, request: sidecar.trace?.request)
  }
}

/// Reads jobs from the spool as the index has them. A record is made of nothing but what lies in the spool, so that an
/// index that was lost comes back the same.
struct JobReader: Sendable {
  private let spool: Spool
  private let verifier: SidecarVerifier
  private let hostNames: [Incarnation: String]

  init(spool: Spool, verifier: SidecarVerifier) throws(SpoolError) {
    self.spool = spool
    self.verifier = verifier
    hostNames = try spool.hostNames()
  }

  /// The record of the job that lies as `name` in `state`; nil where it has moved on, or its sidecar is not ours (its
  /// converter will put it into `corrupt/`).
  func record(of name: JobName, in state: JobState) async throws -> JobRecord? {
    let directory = spool.layout.job(name, in: state)
    let bytes: [UInt8]
    do {
      bytes = try await BlockingThreads.run { [spool] () throws(SpoolError) in try spool.sidecar(in: directory) }
    } catch {
      guard error.cause?.isAbsent == true else { throw error }
      return nil
    }
    guard let sidecar = try? await verifier.verify(bytes, expecting: name.id) else { return nil }
    let record = JobRecord(sidecar, in: state, name)
    return try await BlockingThreads.run { try complete(record, name) }
  }

  /// Adds what the place of the job says beyond its sidecar.
  private func complete(_ record: JobRecord, _ name: JobName) throws(SpoolError) -> JobRecord? {
    var record = record
    switch name {
    case .waiting: break
    case .owned(_, _, let owner, _): record.host = hostNames[owner] ?? owner.host
    case .ended(_, _, let number):
      let job = spool.layout.job(name, in: record.state)
      record.result = record.state == .done ? try spool.result(of: number, in: job) : nil
      record.failure = record.state == .failed ? try spool.failure(of: number, in: job) : nil
      guard let ended = try spool.end(of: number, in: job) else { return nil }
      record.finishedAt = Date(timeIntervalSince1970: ended / .seconds(1))
    }
    return record
  }
}
