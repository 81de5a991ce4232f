import Foundation
import Logging
import Testing

@testable import Telemetry

@Suite struct LogEntryTests {
  private static let time = Date(timeIntervalSince1970: 1_767_323_045.5)

  private func entry(_ message: String, _ metadata: Logger.Metadata = [:]) -> LogEntry {
    LogEntry(time: Self.time, level: .info, logger: "mp3spool.x", message: message, metadata: metadata)
  }

  @Test func jsonHasFlatTextsUnderStableNames() {
    let line = entry("converted", ["job": "01J", "seconds": "1.5", "list": ["a", "b"]]).json
    #expect(
      line == #"{"ts":"2026-01-02T03:04:05.500Z","level":"info","logger":"mp3spool.x","message":"converted","#
        + #""job":"01J","list":"[\"a\", \"b\"]","seconds":"1.5"}"# + "\n")
  }

  @Test func logfmtQuotesWhatNeedsIt() {
    let line = entry("not converted: bad", ["a": "x=1", "b": "", "c": "plain", "d": "\"q\""]).logfmt
    #expect(
      line == #"ts=2026-01-02T03:04:05.500Z level=info logger=mp3spool.x message="not converted: bad" a="x=1" b="" "#
        + #"c=plain d="\"q\"""# + "\n")
  }

  /// What a stranger chose, such as a file's name.
  private static let forgeries = [
    "a\n2026-01-01T00:00:00Z critical mp3spool.audit: event=login", "a\r\nlevel=critical", "a\",\"level\":\"critical",
    "a\u{2028}b", "a\u{0}b", "\u{1B}[2J", "a\" level=critical x=\"", "back\\", "\u{85}", "e\u{202E}f", "🎬 ж",
    "\u{E0041}tag",
  ]

  @Test(arguments: forgeries)
  func noValueForgesALine(_ text: String) throws {
    for entry in [entry(text, ["k": .string(text)]), entry("m", ["k": .string(text), text: "v"])] {
      for line in [entry.json, entry.logfmt] {
        #expect(line.last == "\n" && !line.dropLast().contains(where: \.isNewline))
        #expect(line.unicodeScalars.dropLast().allSatisfy(LogLines.isSeen))
      }
      let object = try JSONDecoder().decode([String: String].self, from: Data(entry.json.utf8))
      #expect(object["level"] == "info" && object["k"] == text && object["message"] == entry.message)
      #expect(try logfmtFields(entry.logfmt)["level"] == ["info"])
      #expect(try logfmtFields(entry.logfmt)["k"]?.count == 1)
    }
  }

  @Test func metadataCannotTakeAnEntrysOwnNames() throws {
    let line = entry("m", ["level": "critical", "message": "x", "ts": "y", "logger": "z", "": "e"]).json
    let object = try JSONDecoder().decode([String: String].self, from: Data(line.utf8))
    #expect(object["level"] == "info" && object["level_"] == "critical" && object["_"] == "e")
  }

  /// A reader as others have it: keys, and values in quotes or up to the next space.
  private func logfmtFields(_ line: String) throws -> [String: [String]] {
    var fields: [String: [String]] = [:]
    for match in line.dropLast().matches(of: /([A-Za-z0-9._-]+)=("(?:[^"\\]|\\.)*"|[^ "=]*)(?: |$)/) {
      fields[String(match.1), default: []].append(String(match.2))
    }
    let length = line.dropLast().matches(of: /([A-Za-z0-9._-]+)=("(?:[^"\\]|\\.)*"|[^ "=]*)(?: |$)/).reduce(0) {
      $0 + $1.0.utf8.count
    }
    try #require(length == line.utf8.count - 1, "\(line) is no logfmt")
    return fields
  }
}

@Suite struct JournalTests {
  @Test func aDatagramHasFieldsWhateverTheirValues() throws {
    let entry = LogEntry(
      time: .now, level: .warning, logger: "mp3spool.converter", message: "two\nPRIORITY=0",
      metadata: ["job": "01J", "a.b-c": "x\nMESSAGE=forged", "ж": "y"])
    let fields = try journalFields(Journal.datagram(entry, identifier: "mp3spool"))
    #expect(
      fields == [
        "MESSAGE": #"two\#nPRIORITY=0 __=y a.b-c="x\nMESSAGE=forged" job=01J"#, "PRIORITY": "4",
        "SYSLOG_IDENTIFIER": "mp3spool",
        "MP3SPOOL_LOGGER": "mp3spool.converter", "MP3SPOOL_JOB": "01J", "MP3SPOOL_A_B_C": "x\nMESSAGE=forged",
        "MP3SPOOL___": "y",
      ])
  }

  @Test func anEndlessValueIsCut() throws {
    let entry = LogEntry(
      time: .now, level: .info, logger: "x", message: String(repeating: "m", count: 1 << 20), metadata: [:])
    #expect(Journal.datagram(entry, identifier: "i").count < 16 << 10)
  }

  /// As journald reads: `NAME`, a length in 8 bytes, and so many bytes.
  private func journalFields(_ datagram: [UInt8]) throws -> [String: String] {
    var fields: [String: String] = [:]
    var rest = datagram[...]
    while !rest.isEmpty {
      let end = try #require(rest.firstIndex(of: 10))
      let name = String(decoding: rest[..<end], as: UTF8.self)
      let size = rest[(end + 1)...].prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
      let value = rest[(end + 9)...].prefix(size)
      try #require(value.count == size && rest[(end + 9 + size)...].first == 10 && fields[name] == nil)
      fields[name] = String(decoding: value, as: UTF8.self)
      rest = rest[(end + 10 + size)...]
    }
    return fields
  }
}
