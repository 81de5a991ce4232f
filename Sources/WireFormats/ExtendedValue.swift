/// Header parameters in any script: `UTF-8''na%C3%AFve` (RFC 8187).
enum ExtendedValue {
  /// Reads such a value; nil where it is malformed or in a character set that RFC 8187 does not require.
  static func decode(_ text: String) -> String? {
    let pieces = text.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
    guard pieces.count == 3, let bytes = percentDecoded(pieces[2].utf8, plain: isPlain) else { return nil }
    return pieces[0].lowercased() == "utf-8" ? String(validating: bytes, as: UTF8.self) : nil
  }

  /// Writes `text` as such a value.
  static func encode(_ text: String) -> String {
    "UTF-8''" + text.utf8.map { isPlain($0) ? String(UnicodeScalar($0)) : percentEncoded($0) }.joined()
  }

  /// RFC 8187 section 3.2.1, `attr-char`.
  private static func isPlain(_ byte: UInt8) -> Bool { byte.isLetterOrDigit || "!#$&+-.^_`|~".utf8.contains(byte) }

  private static func percentEncoded(_ byte: UInt8) -> String {
    "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
  }

  /// - Parameter plain: which bytes stand for themselves; another one makes the text malformed.
  static func percentDecoded(_ text: Substring.UTF8View, plain isPlain: (UInt8) -> Bool) -> [UInt8]? {
    var bytes: [UInt8] = []
    var rest = text
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%") {
        guard let high = rest.popFirst()?.hexadecimalValue, let low = rest.popFirst()?.hexadecimalValue else {
          return nil
        }
        bytes.append(high << 4 | low)
      } else if isPlain(byte) {
        bytes.append(byte)
      } else {
        return nil
      }
    }
    return bytes
  }
}
