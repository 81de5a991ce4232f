import FoundationEssentials
import Logging

/// One entry as every form of the log writes it.
struct LogEntry: Sendable {
  let time: Date
  let level: Logger.Level
  let logger: String
  let message: String
  /// Flat, by key. No key is one of the entry's own.
  let fields: [(key: String, value: String)]

  /// The names under which the entry's own words stand.
  static let ownKeys: Set = ["ts", "level", "logger", "message"]

  init(time: Date, level: Logger.Level, logger: String, message: String, metadata: Logger.Metadata) {
    (self.time, self.level, self.logger, self.message) = (time, level, logger, message)
    fields = metadata.map { (Self.key($0.key), "\($0.value)") }.sorted { $0.key < $1.key }
  }

  /// A key is letters, digits, `.`, `_` and `-`; whoever named metadata as the entry's own words gets a line behind it.
  private static func key(_ text: String) -> String {
    let key = String(text.utf8.map { isPlain($0) ? Character(Unicode.Scalar($0)) : "_" })
    return ownKeys.contains(key) || key.isEmpty ? key + "_" : key
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch Character(Unicode.Scalar(byte)) {
    case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "-": byte < 0x80
    default: false
    }
  }

  /// RFC 3339, in UTC, to the millisecond.
  private var timestamp: String { time.formatted(.iso8601.year().month().day().time(includingFractionalSeconds: true)) }

  private var pairs: [(key: String, value: String)] {
    [("ts", timestamp + "Z"), ("level", level.rawValue), ("logger", logger), ("message", message)] + fields
  }

  /// `{"ts":"2026-01-02T03:04:05.678Z","level":"info",…}` and a line feed (RFC 8259). All values are texts.
  var json: String {
    "{" + pairs.map { "\"\($0.key)\":\"\(Self.escaped($0.value))\"" }.joined(separator: ",") + "}\n"
  }

  /// `ts=2026-01-02T03:04:05.678Z level=info message="a file" …` and a line feed.
  var logfmt: String {
    pairs.map(Self.pair).joined(separator: " ") + "\n"
  }

  /// The message with what belongs to it, for people: `converted fid=01J… seconds=2.1`.
  var readable: String { ([message] + fields.map(Self.pair)).joined(separator: " ") }

  private static func pair(_ field: (key: String, value: String)) -> String {
    let isPlain =
      !field.value.isEmpty
      && field.value.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x3D && $0 != 0x5C }
    return isPlain ? "\(field.key)=\(field.value)" : "\(field.key)=\"\(escaped(field.value))\""
  }

  /// With what ends a text, a line or acts on a terminal as JSON's escapes.
  private static func escaped(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { escaped, scalar in
      switch scalar {
      case "\"": escaped += "\\\""
      case "\\": escaped += "\\\\"
      case "\n": escaped += "\\n"
      case "\r": escaped += "\\r"
      case "\t": escaped += "\\t"
      case let scalar where LogLines.isSeen(scalar): escaped.unicodeScalars.append(scalar)
      default: for unit in UTF16.encode(scalar)! { escaped += "\\u" + Self.hexadecimal(unit) }
      }
    }
  }

  private static func hexadecimal(_ unit: UInt16) -> String {
    let digits = String(unit, radix: 16)
    return String(repeating: "0", count: 4 - digits.count) + digits
  }
}
