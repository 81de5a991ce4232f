import Crypto
import DurableFiles
import NIOCore
import NIOFoundationCompat
import Spool
import Synchronization
import Tokens

/// The bytes of one upload on their way to the disk: each call runs on a thread that may block, and the SHA-256 is
/// computed as they pass. Nothing of it is in `incoming/` until `commit`.
final class IncomingUpload: Sendable {
  private struct State: ~Copyable, Sendable {
    var staged: StagedJob?
    var hasher = SHA256()
  }

  let id: JobID
  private let state: Mutex<State>

  private init(_ staged: consuming StagedJob) {
    id = staged.id
    state = Mutex(State(staged: staged))
  }

  static func begin(_ id: JobID, in spool: Spool) async throws(SpoolError) -> IncomingUpload {
    try await BlockingThreads.run { () throws(SpoolError) in IncomingUpload(try spool.stage(id)) }
  }

  func append(_ buffers: [ByteBuffer]) async throws(SpoolError) {
    try await BlockingThreads.run { [self] () throws(SpoolError) in
      try state.withLock { state throws(SpoolError) in
        TrafficMetrics.received(buffers)
        for buffer in buffers {
          state.hasher.update(data: buffer.readableBytesView)
          try state.staged?.write(buffer.readableBytesUInt8Span)
        }
      }
    }
  }

  /// What has come, once no more will.
  func whole() -> (byteCount: Int64, sha256: String) {
    state.withLock { state in (state.staged?.byteCount ?? 0, Digest.hex(state.hasher.finalize())) }
  }

  /// Puts the job into `incoming/`; when this returns, it may be acknowledged.
  func commit(sidecar: [UInt8]) async throws(SpoolError) {
    try await BlockingThreads.run { [self] () throws(SpoolError) in
      try state.withLock { state throws(SpoolError) in
        if let staged = state.staged.take() { try staged.commit(sidecar: sidecar) }
      }
    }
  }

  /// Leaves nothing behind.
  func discard() async {
    await BlockingThreads.run { [self] in
      state.withLock { state in
        if let staged = state.staged.take() { staged.discard() }
      }
    }
  }
}
