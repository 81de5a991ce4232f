/// A URL that a webhook may have: http or https, a host, perhaps a port, a path and a query.
///
/// It is read once, strictly, and written anew from its parts, so that whoever looks up its host and whoever connects to
/// it cannot read two hosts out of one text.
public struct WebhookURL: Sendable, Hashable, CustomStringConvertible {
  public let isSecure: Bool
  /// A name in small letters, or an address; one of IPv6 without its brackets.
  public let host: String
  public let port: Int
  /// The path and the query, from the `/` on.
  public let target: String

  /// More than any receiver's URL needs, in bytes.
  public static let longest = 2000

  public var description: String {
    let usual = isSecure ? 443 : 80
    let place = host.contains(":") ? "[\(host)]" : host
    return "\(isSecure ? "https" : "http")://\(place)\(port == usual ? "" : ":\(port)")\(target)"
  }

  /// - Throws: a sentence that says what is wrong with it.
  public init(parsing text: String) throws(OptionError) {
    guard text.utf8.count <= Self.longest else {
      throw OptionError("A webhook's URL may have \(Self.longest) bytes at most.")
    }
    guard text.utf8.allSatisfy({ 0x21...0x7E ~= $0 && !Self.never.contains($0) }) else {
      throw OptionError(
        "A webhook's URL may have no spaces and nothing but ASCII: write the rest as %XX, names as xn--….")
    }
    guard let (isSecure, rest) = Self.scheme(of: text) else {
      throw OptionError("A webhook's URL must begin with http:// or https://; \(quoted(text)) does not.")
    }
    let end = rest.firstIndex { "/?#".contains($0) } ?? rest.endIndex
    let (authority, target) = (rest[..<end], rest[end...].prefix { $0 != "#" })
    guard !authority.contains("@") else {
      throw OptionError("A webhook's URL may hold no name and no password before its host.")
    }
    guard let (host, port) = Self.place(authority) else {
      throw OptionError("A webhook's URL needs a host, and perhaps a port from 1 to 65535; \(quoted(text)) has none.")
    }
    self.isSecure = isSecure
    self.host = host
    self.port = port ?? (isSecure ? 443 : 80)
    self.target = target.hasPrefix("/") ? String(target) : "/\(target)"
  }

  /// What RFC 3986 has in no URL, and a backslash, which some read as a slash.
  private static let never = Set("\"<>\\^`{|}".utf8)

  private static func scheme(of text: String) -> (isSecure: Bool, rest: Substring)? {
    for (name, isSecure) in [("http://", false), ("https://", true)]
    where text.prefix(name.count).lowercased() == name { return (isSecure, text.dropFirst(name.count)) }
    return nil
  }

  private static func place(_ authority: Substring) -> (host: String, port: Int?)? {
    if authority.hasPrefix("[") {
      guard let end = authority.firstIndex(of: "]") else { return nil }
      let inner = authority[authority.index(after: authority.startIndex)..<end]
      guard inner.contains(":"), let address = IPAddress(String(inner)) else { return nil }
      return port(authority[authority.index(after: end)...]).map { (address.description, $0) }
    }
    let end = authority.firstIndex(of: ":") ?? authority.endIndex
    let host = authority[..<end].lowercased()
    guard 1...253 ~= host.utf8.count, host.utf8.allSatisfy(isOfName), !host.hasPrefix("."), !host.contains("..") else {
      return nil
    }
    return port(authority[end...]).map { (host, $0) }
  }

  private static func isOfName(_ byte: UInt8) -> Bool {
    byte.isDigit || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || "-._".utf8.contains(byte)
  }

  /// Nothing, or a colon and a port; nil for anything else.
  private static func port(_ text: Substring) -> Int?? {
    if text.isEmpty || text == ":" { return .some(nil) }
    guard text.hasPrefix(":"), text.dropFirst().utf8.allSatisfy(\.isDigit), let port = Int(text.dropFirst()),
      1...65535 ~= port
    else { return nil }
    return port
  }
}
