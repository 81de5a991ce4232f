internal import CFFmpeg

/// A packet that is filled again and again.
@safe final class Packet {
  let pointer: UnsafeMutablePointer<AVPacket>

  init() throws(DecodeFailure) {
    guard let pointer = unsafe av_packet_alloc() else { throw DecodeFailure(.limitExceeded(.memory)) }
    unsafe self.pointer = pointer
  }

  deinit {
    var pointer: UnsafeMutablePointer<AVPacket>? = unsafe pointer
    unsafe av_packet_free(&pointer)
  }

  var stream: Int { unsafe Int(pointer.pointee.stream_index) }

  /// Gives up what it holds.
  func clear() { unsafe av_packet_unref(pointer) }

  /// The encoded bytes, for the time of `body`.
  func withBytes<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
    let packet = unsafe pointer.pointee
    let bytes = unsafe UnsafeBufferPointer(start: packet.data, count: packet.data == nil ? 0 : Int(packet.size))
    return unsafe body(bytes.span)
  }

  /// Samples to drop at the packet's begin and end (`AV_PKT_DATA_SKIP_SAMPLES`, libavcodec/packet.h).
  var skippedSamples: (start: Int, end: Int)? {
    var size = 0
    guard let data = unsafe av_packet_get_side_data(pointer, AV_PKT_DATA_SKIP_SAMPLES, &size), size >= 8 else {
      return nil
    }
    var reader = ByteReader(unsafe Array(UnsafeBufferPointer(start: data, count: 8)))
    guard let start = reader.number(UInt32.self), let end = reader.number(UInt32.self) else { return nil }
    return (Int(start), Int(end))
  }

  /// Whether its bytes are encrypted (`AV_PKT_DATA_ENCRYPTION_INFO`).
  var isEncrypted: Bool {
    var size = 0
    return unsafe av_packet_get_side_data(pointer, AV_PKT_DATA_ENCRYPTION_INFO, &size) != nil
  }
}
