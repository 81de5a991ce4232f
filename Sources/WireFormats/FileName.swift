/// A file name that can't be accepted. The description is a sentence for the person who sent it.
public enum FileNameError: Error, Sendable, Equatable, CustomStringConvertible {
  case empty
  /// `.` or `..`.
  case directory(String)
  /// `/` or `\`.
  case separator
  /// A control character, line separator or control of the writing direction: its number in Unicode.
  case control(UInt32)
  /// So many bytes of UTF-8.
  case tooLong(Int)

  public var description: String {
    switch self {
    case .empty: "A file name must not be empty."
    case .directory(let name): "A file can't be named “\(name)”, which means a directory."
    case .separator: "A file name must not contain a slash or a backslash."
    case .control(let number):
      "A file name must not contain control characters, and this one has U+\(hexadecimal(number))."
    case .tooLong(let count):
      "A file name must not have more than \(FileName.limit) bytes in UTF-8, and this one has \(count)."
    }
  }
}

/// Names of files that other people chose.
public enum FileName {
  /// The longest name that Linux file systems take, in bytes (NAME_MAX).
  static let limit = 255

  /// `name` itself, if a client may send it: one component of a path, of at most 255 bytes, without control characters.
  public static func checked(_ name: String) throws(FileNameError) -> String {
    if name.isEmpty { throw .empty }
    if name == "." || name == ".." { throw .directory(name) }
    for scalar in name.unicodeScalars {
      if scalar == "/" || scalar == "\\" { throw .separator }
      if scalar.isInvisibleControl { throw .control(scalar.value) }
    }
    if name.utf8.count > limit { throw .tooLong(name.utf8.count) }
    return name
  }

  /// What to show for a name that was found on disk: what is not UTF-8, and what would act instead of being seen, is U+FFFD.
  public static func displayable(_ bytes: [UInt8]) -> String {
    var shown = String.UnicodeScalarView()
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      shown.append(scalar.isInvisibleControl ? "\u{FFFD}" : scalar)
    }
    return String(shown)
  }

  /// The MP3's name for a video of this name: `talk.mp4` gives `talk.mp3`, and as the second copy `talk (2).mp3`.
  ///
  /// Only an ending of 1 to 8 ASCII letters and digits counts as an extension. The result has at most 255 bytes, cut
  /// between characters, and is never hidden. It is one component of a path if `name` is.
  public static func mp3Name(for name: String, copy: Int = 1) -> String {
    mp3Name(for: name, ending: copy > 1 ? " (\(copy)).mp3" : ".mp3")
  }

  /// The name of the MP3 of one of a video's tracks: `talk.2.deu.mp3`. A language that is no code of 2 or 3 ASCII letters,
  /// or the one that stands for unknown, is left out.
  public static func mp3Name(for name: String, track: Int, language: String?) -> String {
    let code = language.flatMap { code in
      2...3 ~= code.utf8.count && code.allSatisfy { $0.isASCII && $0.isLetter } && code != "und" ? ".\(code)" : nil
    }
    return mp3Name(for: name, ending: ".\(track)\(code ?? "").mp3")
  }

  private static func mp3Name(for name: String, ending: String) -> String {
    var stem = withoutExtension(Substring(name.unicodeScalars.drop { $0 == "." }))
    while stem.utf8.count + ending.utf8.count > limit { stem.removeLast() }
    return (stem.isEmpty ? "audio" : String(stem)) + ending
  }

  /// Whether the name says that its file is still being written, or not meant for others: hidden, or with one of the
  /// endings that browsers, editors and transfer programs use.
  public static func isPartial(_ name: String) -> Bool {
    // By bytes, since for Swift a dot with an accent is another character than the dot, and for Unix it is not.
    if name.utf8.first == UInt8(ascii: ".") { return true }
    let name = name.lowercased()
    return partialEndings.contains { name.hasSuffix($0) }
  }

  private static let partialEndings = [".part", ".partial", ".tmp", ".crdownload", ".filepart", "~"]

  private static func withoutExtension(_ name: Substring) -> Substring {
    guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return name }
    let ending = name[dot...].dropFirst()
    let isExtension = 1...8 ~= ending.count && ending.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
    return isExtension ? name[..<dot] : name
  }
}

extension Unicode.Scalar {
  /// Acts on a terminal or page without being seen: category Cc, the line and paragraph separators, and the controls of
  /// the writing direction (Unicode Standard Annex 9, section 2), which can make `exe.mp4` read `4pm.exe`.
  var isInvisibleControl: Bool {
    switch value {
    case 0...0x1F, 0x7F...0x9F, 0x2028, 0x2029, 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}

/// At least four digits, as Unicode writes its numbers.
private func hexadecimal(_ number: UInt32) -> String {
  let digits = String(number, radix: 16, uppercase: true)
  return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
}
