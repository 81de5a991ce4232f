/// Finds CR LF `--boundary` in bytes that arrive piece by piece.
///
/// Horspool's search: it looks at the last byte of a window as long as the delimiter, and moves on by as much as that byte
/// allows, which is mostly the whole length. A window is compared from its start, and CR stands nowhere else in a
/// delimiter; so hostile bytes can make it look at each byte about twice, but never more often.
struct DelimiterSearch: Sendable {
  /// What is searched for.
  let delimiter: [UInt8]
  /// How far to move on for each value of a window's last byte.
  private let shifts: [UInt8]

  enum Finding: Equatable {
    /// A delimiter begins there.
    case found(Int)
    /// None begins before there; from there to the end may stand the beginning of one.
    case clear(Int)
  }

  enum Match { case whole, partial, none }

  /// - Parameter delimiter: Of at most 255 bytes, of which only the first is CR.
  init(delimiter: [UInt8]) {
    self.delimiter = delimiter
    var shifts = [UInt8](repeating: UInt8(delimiter.count), count: 256)
    for (index, byte) in delimiter.dropLast().enumerated() { shifts[Int(byte)] = UInt8(delimiter.count - 1 - index) }
    self.shifts = shifts
  }

  /// Searches `bytes` from `start` on.
  func find(in bytes: Span<UInt8>, from start: Int) -> Finding {
    let shifts = shifts.span
    let last = delimiter.count - 1
    let lastByte = delimiter[last]
    var position = start
    while position + last < bytes.count {
      let byte = bytes[position + last]
      if byte == lastByte, match(in: bytes, at: position) == .whole { return .found(position) }
      position += Int(shifts[Int(byte)])
    }
    while position < bytes.count, match(in: bytes, at: position) == .none { position += 1 }
    return .clear(min(position, bytes.count))
  }

  /// Whether a delimiter stands at `position`, or its beginning and then nothing more.
  func match(in bytes: Span<UInt8>, at position: Int) -> Match {
    let count = min(delimiter.count, bytes.count - position)
    for index in 0..<count where bytes[position + index] != delimiter[index] { return .none }
    return count == delimiter.count ? .whole : .partial
  }
}
