/// How much room text takes on a terminal.
public enum TextWidth {
  /// In columns. Control characters count as none: whoever shows text that others chose replaces them first.
  public static func of(_ text: some StringProtocol) -> Int { text.reduce(0) { $0 + width(of: $1) } }

  /// As much of the text as fits; what was cut off is told by an ellipsis in the last column.
  public static func cut(_ text: String, to columns: Int) -> String {
    guard of(text) > columns else { return text }
    var (kept, width) = ("", 0)
    for character in text {
      let wanted = self.width(of: character)
      guard width + wanted < columns else { break }
      kept.append(character)
      width += wanted
    }
    return columns > 0 ? kept + "…" : ""
  }

  /// The text with spaces behind it up to so many columns.
  public static func pad(_ text: String, to columns: Int) -> String {
    text + String(repeating: " ", count: max(0, columns - of(text)))
  }

  private static func width(of character: Character) -> Int {
    guard let first = character.unicodeScalars.first else { return 0 }
    switch first.properties.generalCategory {
    case .control, .format, .nonspacingMark, .enclosingMark: return 0
    default: return isWide(first.value) || first.properties.isEmojiPresentation ? 2 : 1
    }
  }

  /// The blocks of which terminals give each character two columns (Unicode Standard Annex 11, W and F).
  private static func isWide(_ scalar: UInt32) -> Bool {
    switch scalar {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF,
      0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x20000...0x3FFFD:
      true
    default: false
    }
  }
}
