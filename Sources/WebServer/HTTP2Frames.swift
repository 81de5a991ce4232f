import NIOCore

/// Finds where the frames of HTTP/2 begin and end in a client's bytes (RFC 9113 §4.1). NIO tells of a frame once it is
/// whole, and of a head once its last frame is: one that never gets so far is to be noticed all the same.
struct HTTP2Frames {
  private static let preface = 24
  private static let headerSize = 9
  private static let data: UInt8 = 0x0
  private static let headers: UInt8 = 0x1
  private static let continuation: UInt8 = 0x9
  private static let endHeaders: UInt8 = 0x4

  /// Bytes of the preface, or of a frame's payload, that are still to come.
  private var left = Self.preface
  /// What has come of a frame's header.
  private var header: [UInt8] = []
  private var isInHead = false
  private var hasBegun = false

  /// Is there something of which the end is awaited: the client's preface with its first frame, a frame, a head? The
  /// payload of a body may take its time; `BodyPace` looks after it.
  var isUnfinished: Bool { !hasBegun || isInHead || (!header.isEmpty && !isInBody) }

  private var isInBody: Bool { header.count == Self.headerSize && header[3] == Self.data }

  /// - Returns: whether something ended in these bytes.
  mutating func take(_ bytes: ByteBufferView) -> Bool {
    var (rest, hasEnded) = (bytes, false)
    while !rest.isEmpty {
      if left > 0 {
        let count = min(left, rest.count)
        rest = rest.dropFirst(count)
        left -= count
      } else {
        header.append(rest.removeFirst())
        if header.count < Self.headerSize { continue }
        left = Int(header[0]) << 16 | Int(header[1]) << 8 | Int(header[2])
      }
      if left == 0, frameEnded() { hasEnded = true }
    }
    return hasEnded
  }

  /// - Returns: whether what it belongs to has ended with it.
  private mutating func frameEnded() -> Bool {
    guard header.count == Self.headerSize else { return false }
    hasBegun = true
    if [Self.headers, Self.continuation].contains(header[3]) { isInHead = header[4] & Self.endHeaders == 0 }
    header.removeAll(keepingCapacity: true)
    return !isInHead
  }
}
