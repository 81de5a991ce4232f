/// What proxies say of the client that they speak for: `Forwarded` (RFC 7239), the nearest to the client first.
public struct ForwardedHeader: Sendable, Equatable {
  /// One proxy's words.
  public struct Hop: Sendable, Equatable {
    /// Whom it spoke with; nil where it does not want to tell (`unknown`, `_hidden`).
    public let client: IPAddress?
    /// Whether it was spoken with over TLS; nil where it does not say.
    public let isSecure: Bool?
  }

  public let hops: [Hop]

  /// Reads the field's value, several fields joined by commas; nil where it does not follow the grammar.
  public init?(_ value: String) {
    var hops: [Hop] = []
    for element in Self.elements(of: value) {
      let text = element.trimmed
      // RFC 9110 §5.6.1: a list may have empty elements.
      if text.isEmpty { continue }
      // The grammar of parameters, without a value before them.
      guard let pairs = HeaderParameters(";\(text)")?.parameters, let hop = Self.hop(pairs) else { return nil }
      hops.append(hop)
    }
    guard !hops.isEmpty else { return nil }
    self.hops = hops
  }

  /// Reads what older proxies write: `X-Forwarded-For`, and the one word of `X-Forwarded-Proto`.
  public init?(addresses: String, scheme: String?) {
    let isSecure = scheme.flatMap { Self.isSecure(of: $0[...].utf8.trimmed) }
    hops = addresses.split(separator: ",").map { text in
      Hop(client: Self.node(text.utf8.trimmed) ?? nil, isSecure: isSecure)
    }
    if hops.isEmpty { return nil }
  }

  private static func hop(_ pairs: [String: String]) -> Hop? {
    var client: IPAddress?
    if let text = pairs["for"] {
      guard let node = node(text) else { return nil }
      client = node
    }
    return Hop(client: client, isSecure: pairs["proto"].flatMap(isSecure))
  }

  private static func isSecure(of scheme: String) -> Bool? { ["https": true, "http": false][scheme.lowercased()] }

  /// RFC 7239 §6, `node`: the address, `.some(nil)` for one that is kept back, nil for what is none.
  private static func node(_ text: String) -> IPAddress?? {
    if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
      guard isPort(text[text.index(after: end)...]), let address = address(text[..<end].dropFirst()) else { return nil }
      return .some(address)
    }
    // Without brackets, which some leave out, IPv6 has no port.
    if let address = IPAddress(text) { return .some(address) }
    let name = text.prefix { $0 != ":" }
    guard isPort(text[name.endIndex...]) else { return nil }
    if let address = address(name), address.isIPv4 { return .some(address) }
    let isHidden =
      name.hasPrefix("_") && name.utf8.dropFirst().allSatisfy { $0.isLetterOrDigit || "._-".utf8.contains($0) }
    return isHidden || name.lowercased() == "unknown" ? .some(nil) : nil
  }

  private static func address(_ text: Substring) -> IPAddress? { IPAddress(String(text)) }

  /// Nothing, or a colon and a port, which may be hidden as well.
  private static func isPort(_ text: Substring) -> Bool {
    text.isEmpty || (text.first == ":" && text.utf8.count > 1 && text.utf8.dropFirst().allSatisfy(\.isTokenCharacter))
  }

  /// The pieces between commas that stand in no quotes.
  private static func elements(of value: String) -> [Substring.UTF8View] {
    var pieces: [Substring.UTF8View] = []
    let bytes = value[...].utf8
    var (start, isQuoted, isEscaped) = (bytes.startIndex, false, false)
    for index in bytes.indices {
      switch bytes[index] {
      case _ where isEscaped: isEscaped = false
      case UInt8(ascii: "\\") where isQuoted: isEscaped = true
      case UInt8(ascii: "\""): isQuoted.toggle()
      case UInt8(ascii: ",") where !isQuoted:
        pieces.append(bytes[start..<index])
        start = bytes.index(after: index)
      default: break
      }
    }
    return pieces + [bytes[start...]]
  }
}
