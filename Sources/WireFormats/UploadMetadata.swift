/// What a resumable upload says of its file: the Upload-Metadata header of tus 1.0 (https://tus.io/protocols/resumable-upload).
public enum UploadMetadata {
  /// The keys and their values; nil where the header does not follow the grammar, has a key that is not ASCII, repeats one
  /// or holds a value that is not UTF-8. Nothing is checked but that.
  public static func parse(_ header: String) -> [String: String]? {
    // In ASCII a character is a byte: for Swift a comma with an accent is another character than the comma.
    guard header.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
    var values: [String: String] = [:]
    for pair in header.split(separator: ",", omittingEmptySubsequences: false) {
      let words = pair.split(separator: " ", omittingEmptySubsequences: true)
      guard 1...2 ~= words.count, values[String(words[0])] == nil,
        let bytes = Base64.decode(words.count == 2 ? String(words[1]) : ""),
        let value = String(validating: bytes, as: UTF8.self)
      else { return nil }
      values[String(words[0])] = value
    }
    return values
  }
}
