import Foundation

/// An email that a user may have, and the form in which two are compared.
struct Email: Sendable {
  let text: String
  /// Without the differences between capital and small letters and between ways to compose the same character.
  let key: String

  /// RFC 5321, 4.5.3.1.3: a path of 256 bytes with its two brackets.
  static let byteLimit = 254

  init(_ text: String) throws(CatalogError) {
    guard !text.isEmpty else { throw CatalogError(.invalid, "The email is empty.") }
    guard text.utf8.count <= Self.byteLimit else {
      throw CatalogError(.invalid, "The email is longer than \(Self.byteLimit) bytes.")
    }
    guard !text.contains(":") else {
      // RFC 7617, 2: in Basic authentication a colon ends the user's name.
      throw CatalogError(.invalid, "An email may not contain a colon, since no login could carry it.")
    }
    guard text.unicodeScalars.allSatisfy({ !Self.isInvisible($0) }) else {
      throw CatalogError(.invalid, "An email may not contain white space or control characters.")
    }
    self.text = text
    self.key = text.precomposedStringWithCanonicalMapping.lowercased()
  }

  private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
    let properties = scalar.properties
    return properties.isWhitespace || properties.generalCategory == .control || properties.generalCategory == .format
  }
}

/// A password as bytes. The same characters, however composed, are the same password (RFC 8265, 4.2.2).
struct Password: Sendable {
  let bytes: [UInt8]

  static let minimumLength = 8
  static let byteLimit = 1024

  /// A password that somebody chooses.
  init(choosing text: String) throws(CatalogError) {
    guard text.unicodeScalars.count >= Self.minimumLength else {
      throw CatalogError(.invalid, "A password needs at least \(Self.minimumLength) characters.")
    }
    guard let password = Password(offering: text) else {
      throw CatalogError(.invalid, "A password may have at most \(Self.byteLimit) bytes.")
    }
    self = password
  }

  /// A password that somebody offers; nil where nobody can have it.
  init?(offering text: String) {
    guard text.utf8.count <= Self.byteLimit else { return nil }
    let bytes = Array(text.precomposedStringWithCanonicalMapping.utf8)
    guard bytes.count <= Self.byteLimit else { return nil }
    self.bytes = bytes
  }
}
