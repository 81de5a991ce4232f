internal import Glibc

/// Which tracks of an MP4 or MOV have their samples in another file, which they name.
///
/// libavformat does not open it, but takes the bytes at the same place of the file at hand for the samples, unless Apple's
/// alias manager named it (mov_read_dref and mov_read_trak, libavformat/mov.c).
struct ForeignTracks {
  /// More boxes than any head needs.
  private static let mostBoxes = 20_000

  private let file: InputFile
  private var boxesLeft = Self.mostBoxes
  /// The tracks' own numbers.
  private(set) var numbers: Set<Int> = []

  /// Reads the heads of the boxes on the way to the references; what is not as it should be is libavformat's to judge.
  init(_ file: InputFile) {
    self.file = file
    // What is behind the first one may be thousands of fragments.
    for movie in boxes("moov", in: 0..<file.size, atMost: 1) {
      for track in boxes("trak", in: movie) where namesAnotherFile(track) {
        if let number = number(of: track) { numbers.insert(number) }
      }
    }
  }

  /// Whether a data entry says that its data is not in this file (ISO 14496-12, 8.7.2), and where it is instead.
  private mutating func namesAnotherFile(_ track: Range<Int>) -> Bool {
    var ranges = [track]
    for type in ["mdia", "minf", "dinf", "dref"] { ranges = ranges.flatMap { boxes(type, in: $0) } }
    for references in ranges {
      // Version and flags, and a count, come first.
      for entry in boxes(nil, in: references.dropFirst(8)) {
        let head = bytes(entry.prefix(64))
        if head.count > 4, head[3] & 1 == 0, head[4...].contains(where: { $0 != 0 }) { return true }
      }
    }
    return false
  }

  /// Behind version and flags two dates of 4 or, in version 1, 8 bytes (ISO 14496-12, 8.3.2).
  private mutating func number(of track: Range<Int>) -> Int? {
    guard let head = boxes("tkhd", in: track).first, let version = bytes(head.prefix(1)).first else { return nil }
    return big(bytes(head.dropFirst(version == 1 ? 20 : 12).prefix(4)))
  }

  /// What is in the boxes of this type, or in all (ISO 14496-12, 4.2): a size, which counts itself, and a type; a size of 1
  /// stands for a longer one behind the type, 0 for all the rest.
  private mutating func boxes(_ type: String?, in range: Range<Int>, atMost most: Int = .max) -> [Range<Int>] {
    var found: [Range<Int>] = []
    var rest = range
    while found.count < most, boxesLeft > 0, rest.count >= 8 {
      boxesLeft -= 1
      let head = bytes(rest.prefix(16))
      guard head.count >= 8, var size = big(head[..<4]) else { break }
      let headSize = size == 1 ? 16 : 8
      if size == 1 { size = head.count == 16 ? big(head[8...]) ?? 0 : 0 } else if size == 0 { size = rest.count }
      guard size >= headSize, size <= rest.count else { break }
      if type.map({ head[4..<8].elementsEqual($0.utf8) }) ?? true {
        found.append(rest.prefix(size).dropFirst(headSize))
      }
      rest = rest.dropFirst(size)
    }
    return found
  }

  /// Nil for nothing, and for what no file can be as large as.
  private func big(_ bytes: some Collection<UInt8>) -> Int? {
    guard !bytes.isEmpty, bytes.count < 8 || bytes.first! < 0x80 else { return nil }
    return bytes.reduce(0) { $0 << 8 | Int($1) }
  }

  private func bytes(_ range: Range<Int>) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: range.count)
    let count = unsafe pread(file.descriptor, &bytes, bytes.count, range.lowerBound)
    return Array(bytes.prefix(max(0, count)))
  }
}
