/// How many bytes of a resumable upload are on the disk for certain, as a small file that is written in place.
///
/// The length of the source would not do. After a power cut it may count bytes that never came to the disk, and bytes
/// whose checksum is not proved yet must not count at all. So the offset is written down, each time after the source's
/// fsync.
///
/// The file has two lines, written in turn; each holds its number twice. The larger number of those lines that are whole
/// counts, since an offset only grows: a line that a power cut tore leaves the other one, which is the state before. Both
/// lie within one sector of a disk.
struct OffsetRecord: Equatable {
  /// The bytes that count.
  private(set) var offset: Int64 = 0
  /// The line that is written next: the one that does not hold ``offset``.
  private(set) var nextLine = 1

  static let lineLength = 40
  static let fileLength = 2 * lineLength

  /// Of an upload that has no byte yet.
  init() {}

  /// What the file says; nil where neither of its lines is whole.
  init?(_ bytes: [UInt8]) {
    let lines = (0..<2).map { Self.number(in: bytes.dropFirst($0 * Self.lineLength).prefix(Self.lineLength)) }
    guard let offset = lines.compactMap(\.self).max() else { return nil }
    self.offset = offset
    nextLine = lines[0] == offset ? 1 : 0
  }

  /// The whole file of an upload that has no byte yet.
  static let first = line(0) + line(0)

  /// Counts up to `offset`, and says what to write where.
  mutating func advance(to offset: Int64) -> (line: [UInt8], position: Int64) {
    let position = Int64(nextLine * Self.lineLength)
    self.offset = offset
    nextLine = 1 - nextLine
    return (Self.line(offset), position)
  }

  /// Nineteen digits hold every `Int64`.
  private static func line(_ offset: Int64) -> [UInt8] {
    let digits = String(offset)
    let padded = String(repeating: "0", count: 19 - digits.utf8.count) + digits
    return Array("\(padded) \(padded)\n".utf8)
  }

  private static func number(in line: ArraySlice<UInt8>) -> Int64? {
    guard let value = Int64(String(decoding: line.prefix(19), as: UTF8.self)), value >= 0 else { return nil }
    return Array(line) == Self.line(value) ? value : nil
  }
}
