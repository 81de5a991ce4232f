import Foundation

/// Takes log entries and makes one line of each, in which nothing acts on a terminal instead of being seen: an entry may
/// hold what strangers chose, such as a file's name or a client's words, and none of it may look like another entry.
struct LogLines: TextOutputStream, Sendable {
  /// StreamLogHandler writes a whole entry at a time, with the line feed that ends it.
  func write(_ entry: String) { Self.writeError(Self.line(of: entry)) }

  /// Writes a line that is fit to be seen to standard error.
  static func writeError(_ line: String) { try? FileHandle.standardError.write(contentsOf: Data(line.utf8)) }

  /// The entry with controls, separators of lines, and marks that are not seen (such as those of the writing direction)
  /// as Swift's escapes: `\n`, `\u{202E}`.
  static func line(of entry: String) -> String {
    // By scalars, since for Swift a return and the line feed behind it are one character.
    var scalars = entry.unicodeScalars
    if scalars.last == "\n" { scalars.removeLast() }
    let line = scalars.reduce(into: "") { line, scalar in
      if isSeen(scalar) { line.unicodeScalars.append(scalar) } else { line += scalar.escaped(asASCII: true) }
    }
    return line + "\n"
  }

  /// Neither acts nor hides.
  static func isSeen(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: false
    default: true
    }
  }
}
