/// A part of a recording, as people write it: `90-120`, `1:30-2:00`, `1:02:03.5-` to the end, `-30` from the begin.
public struct Trim: Sendable, Hashable {
  /// Where the part begins, from the recording's begin.
  public let start: Duration
  /// Where it ends; nil for the recording's end.
  public let end: Duration?

  /// The longest time that can be written: 1000 hours less a millisecond.
  private static let longest = 1000 * 3600 * 1000 - 1
}

extension Trim: CustomStringConvertible {
  /// Reads a part's spelling. Each of the two times is a number of seconds, `MINUTES:SECONDS` or
  /// `HOURS:MINUTES:SECONDS`, with up to three decimals; one of them may be left out.
  public init(parsing text: String) throws(OptionError) {
    let words = text.split(separator: "-", omittingEmptySubsequences: false)
    guard words.count == 2, text != "-" else { throw Self.unreadable(text) }
    let start = words[0].isEmpty ? .zero : try Self.time(words[0], in: text)
    let end = words[1].isEmpty ? nil : try Self.time(words[1], in: text)
    if let end, end <= start { throw OptionError("trim must end after its start; \(quoted(text)) does not.") }
    (self.start, self.end) = (start, end)
  }

  /// The spelling in seconds, which ``init(parsing:)`` reads.
  public var description: String {
    "\(Self.seconds(start))-\(end.map(Self.seconds) ?? "")"
  }

  private static func unreadable(_ text: String) -> OptionError {
    OptionError("trim must be START-END in seconds or as H:MM:SS, such as 1:30-2:00; \(quoted(text)) is none.")
  }

  private static func time(_ word: Substring, in text: String) throws(OptionError) -> Duration {
    let fields = word.split(separator: ":", omittingEmptySubsequences: false)
    guard (1...3).contains(fields.count), var total = milliseconds(fields[fields.count - 1]),
      fields.count == 1 || total < 60_000
    else { throw unreadable(text) }
    for (place, unit) in zip((0..<fields.count - 1).reversed(), [60_000, 3_600_000]) {
      // Only the first field may be as large as it likes.
      guard let value = digits(fields[place]), value < 60 || place == 0 else { throw unreadable(text) }
      total += value * unit
    }
    guard total <= longest else { throw unreadable(text) }
    return .milliseconds(total)
  }

  private static func milliseconds(_ text: Substring) -> Int? {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let whole = digits(parts[0]) else { return nil }
    guard parts.count == 2 else { return whole * 1000 }
    guard (1...3).contains(parts[1].count), let decimals = digits(parts[1]) else { return nil }
    return whole * 1000 + decimals * [100, 10, 1][parts[1].count - 1]
  }

  /// One to nine digits, so that no sum of theirs overflows.
  private static func digits(_ text: Substring) -> Int? {
    guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 })
    else { return nil }
    return Int(text)
  }

  private static func seconds(_ time: Duration) -> String {
    let (whole, rest) = Int((time / .milliseconds(1)).rounded()).quotientAndRemainder(dividingBy: 1000)
    return rest == 0 ? "\(whole)" : "\(whole).\(String(rest + 1000).dropFirst())"
  }
}
