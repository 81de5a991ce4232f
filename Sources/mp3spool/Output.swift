import CLinux
import Foundation

/// What commands say: results to standard output, all else to standard error.
enum Output {
  static func line(_ text: String) { try? FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8)) }
  static func error(_ sentence: String) { note("mp3spool: \(sentence)") }
  static func note(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8)) }

  /// Empties the terminal's screen.
  static func clearScreen() { try? FileHandle.standardOutput.write(contentsOf: Data("\u{1B}[H\u{1B}[2J".utf8)) }

  /// A value as one line of JSON.
  static func json(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .iso8601
    try FileHandle.standardOutput.write(contentsOf: encoder.encode(value) + Data("\n".utf8))
  }

  /// Columns, aligned; the last one as it is.
  static func table(_ rows: [[String]]) {
    guard let columns = rows.first?.count else { return }
    let widths = (0..<columns).map { column in rows.map { $0[column].count }.max() ?? 0 }
    for row in rows {
      let cells = row.enumerated().map { column, cell in
        column == columns - 1 ? cell : cell.padding(toLength: widths[column], withPad: " ", startingAt: 0)
      }
      line(cells.joined(separator: "  "))
    }
  }
}

/// Numbers and times for people.
enum Readable {
  /// `1:02:03`, `4:05`.
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "?" }
    let total = Int(seconds.rounded())
    let (hours, minutes, rest) = (total / 3600, total / 60 % 60, total % 60)
    let tail = String(format: "%02d", rest)
    return hours > 0 ? "\(hours):\(String(format: "%02d", minutes)):\(tail)" : "\(minutes):\(tail)"
  }

  /// `12 B`, `3.4 MB`; powers of 1000.
  static func bytes(_ count: Int64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"]
    var (value, unit) = (Double(count), 0)
    while value >= 1000, unit < units.count - 1 { (value, unit) = (value / 1000, unit + 1) }
    return unit == 0 ? "\(count) B" : String(format: "%.1f %@", value, units[unit])
  }
}

/// A bar on standard error, drawn over itself; nothing at all where that is no terminal.
struct ProgressBar {
  private let columns = Int(clinux_terminal_columns(STDERR_FILENO))
  private var lastDrawn: ContinuousClock.Instant?

  private static let interval = Duration.milliseconds(100)

  var isVisible: Bool { columns > 0 }

  mutating func draw(_ label: String, fraction: Double?, detail: String) {
    let now = ContinuousClock.now
    guard isVisible, lastDrawn.map({ now - $0 >= Self.interval }) ?? true else { return }
    lastDrawn = now
    let percent = fraction.map { String(format: "%3.0f %%", $0 * 100) } ?? "    "
    let room = columns - label.count - detail.count - percent.count - 7
    let bar = room < 8 ? "" : Self.bar(fraction, width: min(room, 40))
    write("\r\(label) \(bar) \(percent) \(detail)".prefix(columns) + "\u{1B}[K")
  }

  mutating func clear() {
    if lastDrawn != nil { write("\r\u{1B}[K") }
    lastDrawn = nil
  }

  private static func bar(_ fraction: Double?, width: Int) -> String {
    let filled = Int((fraction ?? 0) * Double(width))
    return "[\(String(repeating: "#", count: filled))\(String(repeating: "-", count: width - filled))]"
  }

  private func write(_ text: some StringProtocol) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }
}
