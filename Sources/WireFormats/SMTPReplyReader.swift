/// What a mail server answered to one command: a code of three digits and lines of text (RFC 5321 §4.2).
public struct SMTPReply: Sendable, Equatable {
  public let code: Int
  /// Without the code; what would act instead of being seen is U+FFFD.
  public let lines: [String]

  public var text: String { lines.joined(separator: " ") }

  public init(code: Int, lines: [String]) { (self.code, self.lines) = (code, lines) }
}

/// Something that no mail server says.
public struct SMTPReplyError: Error, Sendable, Equatable, CustomStringConvertible {
  public let description: String
}

/// Cuts the bytes of a mail server into replies. It keeps a bounded amount, whatever comes.
public struct SMTPReplyReader: Sendable {
  private var pending: [UInt8] = []
  private var code: Int?
  private var lines: [String] = []

  /// Twice of what RFC 5321 §4.5.3.1.5 allows, and more lines than servers have extensions.
  private static let (longestLine, mostLines) = (1024, 64)

  public init() {}

  public mutating func append(_ bytes: some Sequence<UInt8>) { pending += bytes }

  /// Nothing has come that is not read yet.
  public var isEmpty: Bool { pending.isEmpty && code == nil }

  /// The next reply; nil while it is not whole.
  public mutating func next() throws(SMTPReplyError) -> SMTPReply? {
    while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
      guard end <= Self.longestLine else { throw Self.tooMuch }
      let line = pending[..<end].filter { $0 != UInt8(ascii: "\r") }
      pending.removeSubrange(...end)
      if let reply = try read(line) { return reply }
    }
    guard pending.count <= Self.longestLine else { throw Self.tooMuch }
    return nil
  }

  private mutating func read(_ line: [UInt8]) throws(SMTPReplyError) -> SMTPReply? {
    guard lines.count < Self.mostLines else { throw Self.tooMuch }
    let mark = line.count > 3 ? line[3] : UInt8(ascii: " ")
    guard line.count >= 3, line[..<3].allSatisfy(\.isDigit), [UInt8(ascii: " "), UInt8(ascii: "-")].contains(mark),
      let number = Int(String(decoding: line[..<3], as: UTF8.self)), 200..<600 ~= number, code == nil || code == number
    else { throw SMTPReplyError(description: "the mail server says what no mail server says") }
    lines.append(FileName.displayable(Array(line.dropFirst(4))))
    code = number
    guard mark == UInt8(ascii: " ") else { return nil }
    defer { (code, lines) = (nil, []) }
    return SMTPReply(code: number, lines: lines)
  }

  private static let tooMuch = SMTPReplyError(description: "the mail server says more than any mail server does")
}
