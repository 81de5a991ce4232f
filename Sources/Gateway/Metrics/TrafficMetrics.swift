import Metrics
import NIOCore

/// What the metrics say of the bytes of files that come in and go out, also of those whose request breaks off.
enum TrafficMetrics {
  private static let uploads = Counter(label: "mp3spool_upload_bytes_total")
  private static let downloads = Counter(label: "mp3spool_download_bytes_total")

  /// Has both be there, at 0, before the first byte.
  static func begin() {
    uploads.increment(by: 0)
    downloads.increment(by: 0)
  }

  static func received(_ buffers: [ByteBuffer]) { uploads.increment(by: buffers.reduce(0) { $0 + $1.readableBytes }) }
  static func sent(_ buffer: ByteBuffer) { downloads.increment(by: buffer.readableBytes) }
}
