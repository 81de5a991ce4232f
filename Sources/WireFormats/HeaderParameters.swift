/// The value of a header field such as Content-Type or Content-Disposition: a word, and parameters after semicolons
/// (RFC 9110 section 5.6.6).
struct HeaderParameters: Equatable {
  /// The first word, in lower case: `form-data`, `multipart/form-data`.
  let value: String
  /// The parameters under their lower-case names. The first of a name counts.
  private(set) var parameters: [String: String] = [:]

  /// Reads a field's value; nil where it does not follow the grammar.
  init?(_ text: String) {
    var rest = text[...].utf8
    value = rest.take { $0 != UInt8(ascii: ";") }.trimmed.lowercased()
    while rest.popFirst() != nil {
      rest = rest.drop(while: \.isBlank)
      // RFC 9110 allows a semicolon that nothing follows.
      if rest.isEmpty || rest.first == UInt8(ascii: ";") { continue }
      guard let (name, content) = Self.parameter(&rest) else { return nil }
      if parameters[name] == nil { parameters[name] = content }
    }
  }

  /// `name=token` or `name="quoted string"`, up to the next semicolon.
  private static func parameter(_ rest: inout Substring.UTF8View) -> (name: String, content: String)? {
    let name = rest.take { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: ";") }.trimmed.lowercased()
    guard !name.isEmpty, name.utf8.allSatisfy(\.isTokenCharacter), rest.popFirst() == UInt8(ascii: "=") else {
      return nil
    }
    rest = rest.drop(while: \.isBlank)
    guard rest.first == UInt8(ascii: "\"") else {
      return (name, rest.take { $0 != UInt8(ascii: ";") }.trimmed)
    }
    guard let content = quotedString(&rest) else { return nil }
    rest = rest.drop(while: \.isBlank)
    return rest.isEmpty || rest.first == UInt8(ascii: ";") ? (name, content) : nil
  }

  /// A quoted string. A backslash quotes only `"` and `\`: browsers send a Windows path's backslashes as they are.
  private static func quotedString(_ rest: inout Substring.UTF8View) -> String? {
    rest.removeFirst()
    var content: [UInt8] = []
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\"") { return String(decoding: content, as: UTF8.self) }
      let isEscape = byte == UInt8(ascii: "\\") && (rest.first == UInt8(ascii: "\"") || rest.first == byte)
      content.append(isEscape ? rest.removeFirst() : byte)
    }
    return nil
  }
}

extension Substring.UTF8View {
  /// Takes away and returns the bytes from the start that fit.
  mutating func take(while fits: (UInt8) -> Bool) -> Substring.UTF8View {
    let taken = prefix(while: fits)
    self = self[taken.endIndex...]
    return taken
  }

  /// The text without blanks at its ends.
  var trimmed: String {
    var text = drop(while: \.isBlank)
    while text.last?.isBlank == true { text.removeLast() }
    return String(Substring(text))
  }
}

extension UInt8 {
  /// Space or tab.
  var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }

  var isDigit: Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= self }

  var isLetterOrDigit: Bool {
    isDigit || UInt8(ascii: "a")...UInt8(ascii: "z") ~= self || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= self
  }

  /// RFC 9110 section 5.6.2, `tchar`.
  var isTokenCharacter: Bool { isLetterOrDigit || "!#$%&'*+-.^_`|~".utf8.contains(self) }

  /// The value of a hexadecimal digit.
  var hexadecimalValue: UInt8? {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
