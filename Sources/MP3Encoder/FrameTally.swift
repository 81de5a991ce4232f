/// Counts the frames of a stream as they are written: what the Info frame will tell.
struct FrameTally: Sendable {
  private(set) var frameCount = 0
  /// The bytes of all frames, the Info frame not among them.
  private(set) var byteCount = 0
  /// Over all those bytes.
  private(set) var crc: UInt16 = 0
  /// Where every `stride`th frame begins, counted from the first one.
  private var positions: [Int] = []
  private var stride = 1

  /// Bounds the memory: beyond it every second position is forgotten. The seek table has only 100.
  private static let mostPositions = 4096

  mutating func add(_ frames: Kept) {
    for length in frames.lengths { addFrame(length) }
    crc = CRC16.of(frames.bytes.span, continuing: crc)
  }

  private mutating func addFrame(_ length: Int) {
    if frameCount.isMultiple(of: stride) { positions.append(byteCount) }
    if positions.count > Self.mostPositions {
      positions = Swift.stride(from: 0, to: positions.count, by: 2).map { positions[$0] }
      stride *= 2
    }
    frameCount += 1
    byteCount += length
  }

  /// For each percent of the time, where in the stream to seek, in 256ths of its bytes; the Info frame's count too.
  ///
  /// At least one frame has been added.
  func seekTable(after infoFrameLength: Int) -> [UInt8] {
    let total = infoFrameLength + byteCount
    return (0..<100).map { percent in
      let index = frameCount * percent / 100 / stride
      let position = percent == 0 ? 0 : infoFrameLength + positions[min(index, positions.count - 1)]
      return UInt8(min(255, position * 256 / total))
    }
  }
}

/// The CRC of LAME's Info frames: polynomial x¹⁶ + x¹⁵ + x² + 1, the lowest bit first, starting with 0.
///
/// Eight bytes at a time ("slicing by 8": M. Kounavis and F. Berry, A Systematic Approach to Building High Performance,
/// Software-based, CRC Generators, 2005).
enum CRC16 {
  /// For each of the eight places of a byte, and each byte: the CRC of it there, with nothing but zeros behind it.
  private static let table: [UInt16] = {
    var table: [UInt16] = (0..<256).map { byte in
      (0..<8).reduce(UInt16(byte)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0xA001 : crc >> 1 }
    }
    for index in 256..<2048 {
      let nearer: UInt16 = table[index - 256]
      table.append(nearer >> 8 ^ table[Int(nearer & 0xFF)])
    }
    return table
  }()

  /// The CRC of `bytes`, or of what `crc` stands for with `bytes` after it.
  static func of(_ bytes: Span<UInt8>, continuing crc: UInt16 = 0) -> UInt16 {
    let table = table
    let steps = table.span
    var crc = crc
    var index = 0
    while index + 8 <= bytes.count {
      let first = bytes[index] ^ UInt8(truncatingIfNeeded: crc)
      let second = bytes[index + 1] ^ UInt8(crc >> 8)
      crc = steps[1792 + Int(first)] ^ steps[1536 + Int(second)]
      for place in 2..<8 {
        let byte = Int(bytes[index + place])
        crc ^= steps[(7 - place) * 256 + byte]
      }
      index += 8
    }
    while index < bytes.count {
      crc = crc >> 8 ^ steps[Int(UInt8(truncatingIfNeeded: crc) ^ bytes[index])]
      index += 1
    }
    return crc
  }
}
