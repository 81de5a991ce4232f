/// The credentials that a request carries (RFC 9110 section 11.6.2).
public enum AuthorizationHeader: Sendable, Equatable {
  /// A user's name and password (RFC 7617).
  case basic(user: String, password: String)
  /// A token, not checked in any way (RFC 6750).
  case bearer(String)

  /// Reads the header's value; nil where there is none, its scheme is another one, or it is malformed.
  public init?(_ header: String?) {
    guard var rest = header?[...].utf8 else { return nil }
    let scheme = rest.take { $0 != UInt8(ascii: " ") }
    let credentials = rest.trimmed
    switch String(Substring(scheme)).lowercased() {
    case "basic":
      guard let (user, password) = Self.basic(credentials) else { return nil }
      self = .basic(user: user, password: password)
    case "bearer":
      guard Self.isToken(credentials) else { return nil }
      self = .bearer(credentials)
    default: return nil
    }
  }

  /// RFC 7617 section 2: Base64 of UTF-8 without control characters; the first colon ends the user's name.
  private static func basic(_ credentials: String) -> (user: String, password: String)? {
    guard let bytes = Base64.decode(credentials), let text = String(validating: bytes, as: UTF8.self) else {
      return nil
    }
    let isPrintable = text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    let pieces = text.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
    guard isPrintable, pieces.count == 2 else { return nil }
    return (String(Substring(pieces[0])), String(Substring(pieces[1])))
  }

  /// RFC 6750 section 2.1, `b64token`.
  private static func isToken(_ text: String) -> Bool {
    let characters = text.utf8.reversed().drop { $0 == UInt8(ascii: "=") }
    return !characters.isEmpty && characters.allSatisfy { $0.isLetterOrDigit || "-._~+/".utf8.contains($0) }
  }
}
