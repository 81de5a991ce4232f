import Testing

@testable import Telemetry

@Suite struct LogLinesTests {
  @Test(arguments: [
    ("a\n2026-01-01 critical: b\n", #"a\n2026-01-01 critical: b"#),
    ("a\u{1B}[2J\u{9B}2J\u{0}\u{7F}\n", #"a\u{1B}[2J\u{009B}2J\0\u{7F}"#),
    ("gpj\u{202E}.exe\u{2066}\u{200B}\n", #"gpj\u{202E}.exe\u{2066}\u{200B}"#),
    ("a\u{2028}b\u{2029}c\u{85}d\n", #"a\u{2028}b\u{2029}c\u{0085}d"#),
    ("an end in a return\r\n", #"an end in a return\r"#),
    ("Blåbær 🎬 \\ \"x\"\n", "Blåbær 🎬 \\ \"x\""),
    ("no end", "no end"),
  ])
  func anEntryIsOneLineOfWhatIsSeen(_ entry: String, _ line: String) {
    #expect(LogLines.line(of: entry) == line + "\n")
  }

  @Test func noCharacterEndsALineOrActsOnATerminal() {
    for value in 0...UInt32(0x2FFF) {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let line = LogLines.line(of: "a\(scalar)b\n")
      #expect(line.unicodeScalars.dropLast().allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) })
      #expect(line.unicodeScalars.last == "\n" && line.split(whereSeparator: \.isNewline).count == 1)
    }
  }
}
