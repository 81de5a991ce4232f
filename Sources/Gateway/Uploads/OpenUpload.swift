import Crypto
import DurableFiles
import NIOCore
import NIOFoundationCompat
import Spool
import Synchronization
import WireFormats

/// The bytes of one request on their way to a resumable upload: each call runs on a thread that may block, and the
/// checksums are computed as they pass.
///
/// Without a checksum of the request's own all that came counts, also of a request that broke off. With one, nothing
/// counts before it is proved.
final class OpenUpload: Sendable {
  private struct State: ~Copyable, Sendable {
    var writer: UploadWriter
    /// Over the whole upload so far; nil where its beginning came to another process.
    var whole: SHA256?
    /// The same at the offset that is recorded.
    var recordedWhole: SHA256?
    var portion: PortionChecksum?
  }

  private let state: Mutex<State>

  /// So much is written at most before it is made to count: what a crash of the service may cost the client.
  private static let stride: Int64 = 32 << 20

  private init(_ writer: consuming UploadWriter, whole: SHA256?, checksum: TusChecksum?) {
    state = Mutex(
      State(writer: writer, whole: whole, recordedWhole: whole, portion: checksum.map(PortionChecksum.init)))
  }

  /// - Parameter whole: the SHA-256 of the bytes before `offset`, where it is known.
  static func open(
    _ id: JobID, at offset: Int64, whole: SHA256?, checksum: TusChecksum?, in spool: Spool
  ) async throws(SpoolError) -> OpenUpload {
    try await BlockingThreads.run { () throws(SpoolError) in
      OpenUpload(try spool.write(upload: id, at: offset), whole: whole, checksum: checksum)
    }
  }

  func append(_ buffers: [ByteBuffer]) async throws(SpoolError) {
    try await BlockingThreads.run { [self] () throws(SpoolError) in
      try state.withLock { state throws(SpoolError) in
        TrafficMetrics.received(buffers)
        for buffer in buffers {
          try state.writer.write(buffer.readableBytesUInt8Span)
          state.whole?.update(data: buffer.readableBytesView)
          state.portion?.update(buffer.readableBytesView)
        }
        if state.portion == nil, state.writer.offset - state.writer.recorded >= Self.stride { try Self.record(&state) }
      }
    }
  }

  /// Lets count what came.
  ///
  /// - Returns: how many bytes count, and the SHA-256 of all of them where it is known.
  func keep() async throws(SpoolError) -> (offset: Int64, whole: SHA256?) {
    try await BlockingThreads.run { [self] () throws(SpoolError) in
      try state.withLock { state throws(SpoolError) in
        try Self.record(&state)
        return (state.writer.recorded, state.recordedWhole)
      }
    }
  }

  /// Takes back what does not count yet; else like `keep`.
  func rewind() async throws(SpoolError) -> (offset: Int64, whole: SHA256?) {
    try await BlockingThreads.run { [self] () throws(SpoolError) in
      try state.withLock { state throws(SpoolError) in
        try state.writer.rewind()
        state.whole = state.recordedWhole
        return (state.writer.recorded, state.recordedWhole)
      }
    }
  }

  /// Are the bytes those that the request's checksum belongs to? True where it has none.
  var isAsAnnounced: Bool { state.withLock { $0.portion?.isAsAnnounced ?? true } }
  var hasChecksum: Bool { state.withLock { $0.portion != nil } }

  private static func record(_ state: inout State) throws(SpoolError) {
    try state.writer.synchronize()
    state.recordedWhole = state.whole
  }
}

/// The checksum of one request's bytes, computed and announced.
private struct PortionChecksum {
  private let announced: TusChecksum
  private var sha1 = Insecure.SHA1()
  private var sha256 = SHA256()

  init(_ announced: TusChecksum) { self.announced = announced }

  mutating func update(_ bytes: ByteBufferView) {
    switch announced.algorithm {
    case .sha1: sha1.update(data: bytes)
    case .sha256: sha256.update(data: bytes)
    }
  }

  var isAsAnnounced: Bool {
    switch announced.algorithm {
    case .sha1: Array(sha1.finalize()) == announced.digest
    case .sha256: Array(sha256.finalize()) == announced.digest
    }
  }
}
