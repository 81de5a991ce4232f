import Testing

@testable import TerminalText

@Suite struct BarTests {
  @Test func barFillsUp() {
    #expect(
      Bar("a.mov", 0.5, "2.0x").text(columns: 60) == "a.mov [####################--------------------]  50 % 2.0x")
    #expect(Bar("a.mov", nil, "2.0x").text(columns: 40).contains("----"))
    #expect(Bar("a.mov", 7, "").fraction == 1)
  }

  @Test(
    arguments: [1, 5, 10, 20, 33, 80, 200], ["a.mov", "Ein sehr langer Name, der nirgends hinpasst.mov", "会議の録画.mp4"])
  func lineNeverBreaks(columns: Int, label: String) {
    #expect(TextWidth.of(Bar(label, 0.999, "34.5x, 1:02:03 left").text(columns: columns)) <= columns)
  }

  @Test func nearlyDoneIsNotDone() {
    #expect(Bar("a", 0.999, "").text(columns: 80).contains(" 99 %"))
    #expect(Bar("a", 1, "").text(columns: 80).contains("100 %"))
  }
}

@Suite struct TextWidthTests {
  @Test(arguments: [("abc", 3), ("é", 1), ("e\u{301}", 1), ("会議", 4), ("🎬", 2), ("", 0), ("\u{200B}", 0)])
  func charactersTakeTheirColumns(text: String, width: Int) {
    #expect(TextWidth.of(text) == width)
  }

  @Test func cutIsTold() {
    #expect(TextWidth.cut("abcdef", to: 6) == "abcdef")
    #expect(TextWidth.cut("abcdef", to: 4) == "abc…")
    #expect(TextWidth.cut("会議の", to: 4) == "会…")
    #expect(TextWidth.cut("abc", to: 0) == "")
  }
}

@Suite struct LiveTextTests {
  @Test func linesAreDrawnOverThemselves() {
    var live = LiveText()
    #expect(live.draw(["a", "b"]) == "\ra\u{1B}[K\n\rb\u{1B}[K")
    #expect(live.draw(["c", "d"]) == "\r\u{1B}[1A\rc\u{1B}[K\n\rd\u{1B}[K")
    #expect(live.draw(["e"]) == "\r\u{1B}[1A\r\u{1B}[J\re\u{1B}[K", "what is too many is taken away")
    #expect(live.erase() == "\r\u{1B}[J")
    #expect(live.erase() == "")
  }
}

@Suite struct TableTests {
  private let table = Table([["STATE", "FILE"], ["done", "a.mov"], ["failed", "会議の録画.mp4"]])

  @Test func columnsAreAligned() {
    #expect(table.lines() == ["STATE   FILE", "done    a.mov", "failed  会議の録画.mp4"])
  }

  @Test func linesFitTheTerminal() {
    #expect(table.lines(columns: 10) == ["STATE   F…", "done    a…", "failed  …"])
    #expect(table.lines(columns: 10, style: .coloured)[2].hasPrefix("\u{1B}[31mfailed"))
  }
}

@Suite struct StyleTests {
  @Test(arguments: [
    (true, [:], true), (false, [:], false), (true, ["NO_COLOR": "1"], false), (true, ["NO_COLOR": ""], true),
    (true, ["TERM": "dumb"], false), (true, ["TERM": "xterm"], true),
  ])
  func coloursAreForTerminalsAndForPeopleWhoWantThem(terminal: Bool, environment: [String: String], coloured: Bool) {
    #expect(Style(isTerminal: terminal, environment: environment) == (coloured ? .coloured : .plain))
  }
}
