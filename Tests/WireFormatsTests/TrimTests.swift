import Testing
import WireFormats

@Suite struct TrimTests {
  @Test(arguments: [
    ("90-120", Duration.seconds(90), Duration?.some(.seconds(120))),
    ("1:30-2:00", .seconds(90), .some(.seconds(120))),
    ("1:02:03.5-", .milliseconds(3_723_500), nil),
    ("-30", .zero, .some(.seconds(30))),
    ("0-0.001", .zero, .some(.milliseconds(1))),
    ("0-", .zero, nil),
    ("0.25-100:00", .milliseconds(250), .some(.seconds(6000))),
  ])
  func timesAreSecondsOrClockTimes(_ text: String, _ start: Duration, _ end: Duration?) throws {
    let trim = try Trim(parsing: text)
    #expect((trim.start, trim.end) == (start, end))
    #expect(try Trim(parsing: trim.description) == trim)
  }

  @Test(arguments: [
    "", "-", "90", "1-2-3", "a-b", "1:-2", ":30-", "1:60-2:00", "1:60:00-", "1:2:3:4-", "1.-2", ".5-", "1.0001-",
    "+1-2", "1e3-",
    " 1-2", "99999999999-", "1000:00:00-", "٣-٤",
  ])
  func whatIsNoPartIsRefusedWithAnExample(_ text: String) {
    let error = #expect(throws: OptionError.self) { try Trim(parsing: text) }
    #expect(error?.description.contains("START-END") == true)
  }

  @Test(arguments: ["2-1", "5-5", "1:00-60"])
  func endMustLieBehindTheStart(_ text: String) {
    let error = #expect(throws: OptionError.self) { try Trim(parsing: text) }
    #expect(error?.description.contains("end after its start") == true)
  }
}
