/// The fields of a form, `application/x-www-form-urlencoded` (url.spec.whatwg.org, 5.1).
public enum URLEncodedForm {
  /// All values of each name, in their order; nil where an escape is none, or not UTF-8.
  public static func parse(_ text: String) -> [String: [String]]? {
    var fields: [String: [String]] = [:]
    for field in text.split(separator: "&") {
      let words = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = decoded(words[0]), let value = decoded(words.count == 2 ? words[1] : "") else { return nil }
      fields[name, default: []].append(value)
    }
    return fields
  }

  private static func decoded(_ text: Substring) -> String? {
    // In bytes, where no accent can hide a plus sign.
    let spaced = String(decoding: text.utf8.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: " ") : $0 }, as: UTF8.self)
    let bytes = ExtendedValue.percentDecoded(spaced[...].utf8, plain: { _ in true })
    return bytes.flatMap { String(validating: $0, as: UTF8.self) }
  }
}
