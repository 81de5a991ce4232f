/// The media types that a client takes (RFC 9110 section 12.5.1).
public struct AcceptHeader: Sendable, Equatable {
  /// `type/subtype`, with `*` for any, and how much it is wanted: 0 to 1000.
  private struct Entry: Sendable, Equatable {
    let type: Substring
    let subtype: Substring
    let quality: Int
  }

  private let entries: [Entry]

  /// Reads the header's value. An entry that does not follow the grammar is left out; no header at all means anything.
  public init(_ value: String?) {
    entries = (value ?? "*/*").split(separator: ",").compactMap(Self.entry)
  }

  /// Whether the client wants `a` rather than `b`, two media types such as `application/json`.
  ///
  /// The higher quality decides. Where both are equal, a type that is named goes before one that only a wildcard allows.
  public func prefers(_ a: String, over b: String) -> Bool {
    rank(of: a) > rank(of: b)
  }

  /// The quality and precision of the most precise entry that matches.
  private func rank(of mediaType: String) -> (quality: Int, precision: Int) {
    let names = mediaType.lowercased().split(separator: "/")
    guard names.count == 2 else { return (0, 0) }
    let matches = entries.compactMap { entry -> (quality: Int, precision: Int)? in
      if entry.type == names[0], entry.subtype == names[1] { return (entry.quality, 2) }
      if entry.type == names[0], entry.subtype == "*" { return (entry.quality, 1) }
      return entry.type == "*" && entry.subtype == "*" ? (entry.quality, 0) : nil
    }
    let best = matches.max { ($0.precision, $0.quality) < ($1.precision, $1.quality) }
    guard let best, best.quality > 0 else { return (0, 0) }
    return best
  }

  private static func entry(_ text: Substring) -> Entry? {
    guard let range = HeaderParameters(String(text)) else { return nil }
    let names = range.value.split(separator: "/", omittingEmptySubsequences: false)
    guard names.count == 2, names.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(\.isTokenCharacter) }),
      let quality = quality(range.parameters["q"] ?? "1")
    else { return nil }
    return Entry(type: names[0], subtype: names[1], quality: quality)
  }

  /// RFC 9110 section 12.4.2: 0 or 1, and up to three decimals.
  private static func quality(_ text: String) -> Int? {
    let pieces = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let decimals = pieces.count == 2 ? pieces[1] : ""
    guard pieces[0] == "0" || pieces[0] == "1", decimals.utf8.count <= 3, decimals.utf8.allSatisfy(\.isDigit),
      let thousandths = Int(pieces[0] + decimals + String(repeating: "0", count: 3 - decimals.utf8.count))
    else { return nil }
    return thousandths <= 1000 ? thousandths : nil
  }
}
