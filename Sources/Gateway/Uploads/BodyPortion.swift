import NIOCore

/// The bytes of a body that came since the last call to the disk, until they are worth one.
///
/// They stay in the buffers that the network filled: to copy a video once more costs as much as to hash it.
struct BodyPortion {
  private(set) var buffers: [ByteBuffer] = []
  private(set) var byteCount = 0
  /// Is the last buffer this portion's own, so that more can be written behind it?
  private var canGrow = false

  private static let size = 512 << 10

  var isEmpty: Bool { byteCount == 0 }
  var isWorthACall: Bool { byteCount >= Self.size }

  mutating func add(_ buffer: ByteBuffer) {
    byteCount += buffer.readableBytes
    // One that is mostly empty would keep its memory for few bytes.
    if buffer.readableBytes >= buffer.storageCapacity / 2 {
      buffers.append(buffer)
      canGrow = false
    } else {
      grow { $0.writeImmutableBuffer(buffer) }
    }
  }

  mutating func add(_ bytes: ArraySlice<UInt8>) {
    byteCount += bytes.count
    grow { $0.writeBytes(bytes) }
  }

  /// Hands on what there is, and begins anew.
  mutating func take() -> [ByteBuffer] {
    defer { self = BodyPortion() }
    return buffers
  }

  private mutating func grow(_ write: (inout ByteBuffer) -> Int) {
    if !canGrow { buffers.append(ByteBuffer()) }
    canGrow = true
    _ = write(&buffers[buffers.count - 1])
  }
}
