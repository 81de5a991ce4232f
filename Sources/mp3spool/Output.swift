import CLinux
import Foundation
import SystemPackage
import TerminalText

/// What commands say: results to standard output, all else to standard error.
enum Output {
  static func line(_ text: String) { write((text + "\n").utf8) }

  static func error(_ sentence: String) {
    note("\(Terminal.style(STDERR_FILENO).text("mp3spool:", .red)) \(sentence)")
  }

  static func note(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8)) }

  /// A value as one line of JSON.
  static func json(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .iso8601
    write(try encoder.encode(value) + Data("\n".utf8))
  }

  /// Columns, aligned; the last one as it is.
  static func table(_ rows: [[String]]) {
    for text in Table(rows).lines(style: Terminal.style(STDOUT_FILENO)) { line(text) }
  }

  /// Writes results. A reader that has seen enough, as `head` has, ends the command without a word: by SIGPIPE, or where
  /// that is ignored with the same exit code. Any other error ends it with a sentence: half a result is none.
  static func write(_ bytes: some Sequence<UInt8>) {
    do { try FileHandle.standardOutput.write(contentsOf: Data(bytes)) } catch {
      let cause = Self.cause(of: error)
      if cause == EPIPE { Foundation.exit(128 + SIGPIPE) }
      Output.error("standard output cannot be written: \(Errno(rawValue: cause))")
      Foundation.exit(cause == ENOSPC || cause == EDQUOT || cause == EIO ? 75 : 69)
    }
  }

  private static func cause(of error: any Error) -> Int32 {
    let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError ?? error as NSError
    return underlying.domain == NSPOSIXErrorDomain ? Int32(underlying.code) : EIO
  }
}

/// Numbers and times for people.
enum Readable {
  /// `1 job`, `2 jobs`.
  static func count(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

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

/// Lines on standard error that are drawn over themselves; nothing at all where that is no terminal.
struct LiveScreen {
  private var live = LiveText()
  private var lastDrawn: ContinuousClock.Instant?

  private static let interval = Duration.milliseconds(100)

  /// - Parameter bars: is asked ten times a second at most.
  mutating func draw(_ bars: () -> [Bar]) {
    let now = ContinuousClock.now
    guard lastDrawn.map({ now - $0 >= Self.interval }) ?? true else { return }
    lastDrawn = now
    let columns = Terminal.columns(STDERR_FILENO)
    guard columns > 0 else { return }
    // The last column stays free: what stands in it makes some terminals go to the next line.
    Terminal.write(live.draw(bars().map { $0.text(columns: columns - 1) }), to: .standardError)
  }

  mutating func clear() {
    Terminal.write(live.erase(), to: .standardError)
    lastDrawn = nil
  }
}

/// What the process knows of its terminals.
enum Terminal {
  /// Its width; 0 where there is none, or one on which nothing can be drawn.
  static func columns(_ descriptor: Int32) -> Int {
    ProcessInfo.processInfo.environment["TERM"] == "dumb" ? 0 : Int(clinux_terminal_columns(descriptor))
  }

  static func style(_ descriptor: Int32) -> Style {
    Style(isTerminal: isatty(descriptor) == 1, environment: ProcessInfo.processInfo.environment)
  }

  static func write(_ text: String, to handle: FileHandle) {
    if !text.isEmpty { try? handle.write(contentsOf: Data(text.utf8)) }
  }
}
