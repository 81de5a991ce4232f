/// Reads what `ByteWriter` writes, from bytes that nobody vouches for: nil for whatever is not there in full.
struct ByteReader {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Whether everything has been read.
  var isAtEnd: Bool { position == bytes.count }

  mutating func number<Number: FixedWidthInteger>(_: Number.Type = Number.self) -> Number? {
    guard let part = counted(Number.bitWidth / 8) else { return nil }
    return part.reversed().reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
  }

  /// The next `count` bytes.
  mutating func counted(_ count: Int) -> ArraySlice<UInt8>? {
    guard count >= 0, count <= bytes.count - position else { return nil }
    defer { position += count }
    return bytes[position..<position + count]
  }

  /// A 32-bit count of at most `limit` and as many bytes.
  mutating func countedText(limit: Int) -> ArraySlice<UInt8>? {
    guard let count = number(UInt32.self), count <= limit else { return nil }
    return counted(Int(count))
  }

  /// Microseconds; the outer nil says that they are missing, the inner that the writer had none.
  mutating func duration() -> Duration?? {
    guard let microseconds = number(Int64.self) else { return nil }
    return .some(microseconds < 0 ? nil : .microseconds(microseconds))
  }
}
