/// Writes numbers (little-endian) and counted bytes one after another.
struct ByteWriter {
  private(set) var bytes: [UInt8] = []

  mutating func write(_ number: some FixedWidthInteger) {
    for shift in stride(from: 0, to: number.bitWidth, by: 8) {
      bytes.append(UInt8(truncatingIfNeeded: number >> shift))
    }
  }

  mutating func write(contentsOf more: [UInt8]) { bytes.append(contentsOf: more) }

  /// A 32-bit count and the text's UTF-8, cut to `limit` bytes. The cut may break a character: who reads it mends it.
  mutating func write(_ text: String, limit: Int = .max) {
    let utf8 = text.utf8.prefix(limit)
    write(UInt32(utf8.count))
    bytes.append(contentsOf: utf8)
  }

  /// Microseconds, 64 bits; nil is -1.
  mutating func write(_ duration: Duration?) { write(duration?.microseconds ?? -1) }
}

extension Duration {
  /// Whole microseconds, towards zero; the ends of the range where they don't fit.
  var microseconds: Int64 {
    let (seconds, attoseconds) = components
    return Int64(clamping: Int128(seconds) * 1_000_000 + Int128(attoseconds / 1_000_000_000_000))
  }

  /// As a floating-point number of seconds.
  var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
