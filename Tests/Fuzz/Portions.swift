/// Takes an input apart, from its begin on. What is not there is 0 or empty.
struct Portions {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  var isEmpty: Bool { rest.isEmpty }

  /// All that has not been taken.
  var bytes: [UInt8] { Array(rest) }

  /// The same as text, mended where it is not UTF-8.
  var text: String { String(decoding: rest, as: UTF8.self) }

  /// The next bytes, little-endian.
  mutating func number<Number: FixedWidthInteger>(_: Number.Type = Number.self) -> Number {
    let part = rest.prefix(Number.bitWidth / 8)
    rest = rest.dropFirst(part.count)
    return part.reversed().reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
  }

  /// The text up to the next byte of this value, or to the end.
  mutating func text(before end: UInt8) -> String {
    let part = rest.prefix { $0 != end }
    rest = rest.dropFirst(part.count + 1)
    return String(decoding: part, as: UTF8.self)
  }
}
