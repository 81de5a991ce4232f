/// A conversion option that can't be: an unknown name, or a value that it doesn't take.
///
/// The description is a sentence that says what would be right, for the person who chose it.
public struct OptionError: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}

/// `value` between quotation marks, shortened and without control characters, so that it can stand in a message.
func quoted(_ value: String) -> String {
  let shown = value.prefix(40)
  return "“\(FileName.displayable(Array(shown.utf8)))\(shown.endIndex == value.endIndex ? "" : "…")”"
}

/// `a, b or c`.
func list(_ values: [some CustomStringConvertible]) -> String {
  let words = values.map(\.description)
  guard words.count > 1, let last = words.last else { return words.joined() }
  return "\(words.dropLast().joined(separator: ", ")) or \(last)"
}
