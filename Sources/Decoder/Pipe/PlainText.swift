/// Text out of a file that anybody may have made.
enum PlainText {
  /// The bytes as text for a tag or a log line: what is not UTF-8 becomes U+FFFD, line ends and tabs become spaces,
  /// other control characters (Unicode Cc, line and paragraph separators, and the bidirectional overrides that make a
  /// text look like another) are left out. Spaces around it go, and what is beyond `limit` bytes of UTF-8; nil where
  /// nothing is left.
  static func clean(_ bytes: ArraySlice<UInt8>, limit: Int) -> String? {
    var text = String.UnicodeScalarView()
    var room = limit
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      room -= UTF8.width(scalar)
      guard room >= 0 else { break }
      switch scalar.value {
      case 0x09...0x0D: text.append(" ")
      case 0...0x1F, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069, 0x200E, 0x200F, 0x61C: continue
      default: text.append(scalar)
      }
    }
    while text.last == " " { text.removeLast() }
    let trimmed = text.drop { $0 == " " }
    return trimmed.isEmpty ? nil : String(trimmed)
  }

  /// A short name of lower-case ASCII letters, digits, `_`, `-`, `.` and `,`; nil for anything else.
  static func name(_ bytes: ArraySlice<UInt8>) -> String? {
    let isAllowed = bytes.allSatisfy { byte in
      switch UnicodeScalar(byte) {
      case "a"..."z", "0"..."9", "_", "-", ".", ",": true
      default: false
      }
    }
    return isAllowed && !bytes.isEmpty && bytes.count <= 40 ? String(decoding: bytes, as: UTF8.self) : nil
  }
}
