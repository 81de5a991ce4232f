internal import Glibc
internal import SystemPackage

/// One record of inotify(7).
struct InotifyRecord: Equatable {
  /// The watched directory's number; -1 for what concerns no single directory.
  let watch: CInt
  let mask: UInt32
  /// The name in the directory; nil where the event is about the directory itself.
  let component: FilePath.Component?
}

extension InotifyRecord {
  /// The records in the bytes that one read(2) gave: four 32-bit words (watch, mask, cookie and the length of the name)
  /// and the name, filled up with NULs.
  static func parse(_ bytes: Span<UInt8>) -> [InotifyRecord] {
    var records: [InotifyRecord] = []
    var position = 0
    while position + headerSize <= bytes.count {
      let length = Int(word(bytes, at: position + 12))
      let end = min(position + headerSize + length, bytes.count)
      records.append(
        InotifyRecord(
          watch: CInt(bitPattern: word(bytes, at: position)), mask: word(bytes, at: position + 4),
          component: name(bytes.extracting(position + headerSize..<end))))
      position = end
    }
    return records
  }

  private static let headerSize = 16

  private static func word(_ bytes: Span<UInt8>, at position: Int) -> UInt32 {
    let native = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[position + $1]) << UInt32(8 * $1) }
    return UInt32(littleEndian: native)
  }

  private static func name(_ bytes: Span<UInt8>) -> FilePath.Component? {
    var characters: [CInterop.PlatformChar] = []
    for index in bytes.indices where bytes[index] != 0 { characters.append(CChar(bitPattern: bytes[index])) }
    return characters.isEmpty ? nil : FilePath.Component(platformString: characters + [0])
  }
}
