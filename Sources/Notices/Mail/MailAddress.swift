/// A mail address that can stand in a command and in a header as it is: `local@domain` of the characters that need no
/// quotes (RFC 5321 §4.1.2's dot-string), and of those beyond ASCII that RFC 6531 adds.
public struct MailAddress: Sendable, Equatable, CustomStringConvertible {
  public let description: String
  let domain: String

  /// nil where the text is none.
  public init?(_ text: String) {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count == 2, 1...64 ~= parts[0].utf8.count, 1...253 ~= parts[1].utf8.count, text.utf8.count <= 254,
      parts.allSatisfy(Self.isDotted), parts[1].unicodeScalars.allSatisfy({ Self.isOfDomain($0) })
    else { return nil }
    (description, domain) = (text, String(parts[1]))
  }

  /// The server must know RFC 6531 to take it.
  var isInternational: Bool { !description.utf8.allSatisfy { $0 < 0x80 } }

  private static func isDotted(_ text: Substring) -> Bool {
    text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
      !part.isEmpty && part.unicodeScalars.allSatisfy(isOfAtom)
    }
  }

  /// RFC 5321's atext, RFC 6531's UTF8-non-ascii without what cannot be seen.
  private static func isOfAtom(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII {
      return scalar.properties.isAlphabetic || "0"..."9" ~= scalar
        || "!#$%&'*+-/=?^_`{|}~".unicodeScalars.contains(scalar)
    }
    return ![.control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator, .unassigned].contains(
      scalar.properties.generalCategory)
  }

  private static func isOfDomain(_ scalar: Unicode.Scalar) -> Bool {
    !scalar.isASCII || scalar.properties.isAlphabetic || "0"..."9" ~= scalar || scalar == "-" || scalar == "."
  }
}
