import Foundation
import Testing
import WireFormats

@Suite struct ConversionOptionsTests {
  @Test func theDefaultIsV2OfTheSource() {
    let options = ConversionOptions()
    #expect(options.preset == .variable(quality: 2))
    #expect(options.channels == .source)
    #expect(options.track == nil && options.language == nil && options.rate == nil)
  }

  @Test func allNamesCanBeSet() throws {
    let values = [
      "preset": "abr-192", "track": "3", "language": "deu", "rate": "44100", "channels": "auto", "trim": "1:30-2:00",
      "loudness": "-16.5",
    ]
    #expect(Set(values.keys) == Set(ConversionOptions.names))
    var options = ConversionOptions()
    for (name, value) in values { try options.set(name, to: value) }
    #expect(options.preset == .average(kilobitsPerSecond: 192))
    #expect(options.track == .number(3))
    #expect(options.language == "deu")
    #expect(options.rate == 44_100)
    #expect(options.channels == .auto)
    #expect(options.trim?.start == .seconds(90) && options.trim?.end == .seconds(120))
    #expect(options.loudness == -16.5)
  }

  @Test func everyTrackCanBeAskedFor() throws {
    var options = ConversionOptions()
    try options.set("track", to: "all")
    #expect(options.track == .all)
  }

  @Test func anEmptyValueSetsTheDefault() throws {
    var options = ConversionOptions()
    options.preset = .voice
    options.track = .number(2)
    options.language = "en"
    options.rate = 8000
    options.channels = .mono
    options.loudness = -16
    options.trim = try Trim(parsing: "1-2")
    for name in ConversionOptions.names { try options.set(name, to: "") }
    #expect(options == ConversionOptions())
  }

  @Test(arguments: [
    ("preset", "v11", "preset must be"), ("track", "0", "from 1"), ("track", "-1", "from 1"),
    ("track", "1.5", "from 1"),
    ("language", "english", "ISO 639"), ("language", "EN", "ISO 639"), ("language", "e", "ISO 639"),
    ("language", "éé", "ISO 639"), ("rate", "44.1", "48000, 44100"), ("rate", "96000", "11025 or 8000"),
    ("channels", "5.1", "source, mono, stereo or auto"),
    ("track", "every", "or all"), ("trim", "soon", "START-END"), ("loudness", "loud", "-40 to -5"),
    ("loudness", "-3", "-40 to -5"), ("loudness", "nan", "-40 to -5"),
    ("bitrate", "128", "preset, track, language, rate, channels, trim or loudness"),
  ])
  func aWrongValueChangesNothingAndIsToldWhatIsRight(name: String, value: String, right: String) {
    var options = ConversionOptions()
    let error = #expect(throws: OptionError.self) { try options.set(name, to: value) }
    #expect(error?.description.contains(right) == true)
    #expect(error?.description.contains("“\(name == "bitrate" ? name : value)”") == true)
    #expect(options == ConversionOptions())
  }

  /// Of several values the empty ones say nothing, but a name that is misspelt is told of all the same.
  @Test func aNameThatIsNoneIsWrongWithoutAValueToo() throws {
    var options = ConversionOptions()
    try options.set(["preset": "v5", "track": ""])
    #expect(options.preset == (try Preset(parsing: "v5")))
    #expect(throws: OptionError.self) { try options.set(["preset": "v2", "trakc": ""]) }
  }

  @Test func aMessageNeverRepeatsControlCharactersNorALongValue() {
    var options = ConversionOptions()
    let error = #expect(throws: OptionError.self) {
      try options.set("rate", to: "\u{1B}[2J" + String(repeating: "9", count: 1000))
    }
    #expect(error?.description.contains("\u{1B}") == false)
    #expect((error?.description.count ?? .max) < 200)
  }

  @Test func jsonHoldsOnlyWhatDiffers() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    var options = ConversionOptions()
    #expect(String(decoding: try encoder.encode(options), as: UTF8.self) == "{}")
    options.preset = .constant(kilobitsPerSecond: 128)
    options.rate = 48_000
    #expect(String(decoding: try encoder.encode(options), as: UTF8.self) == #"{"preset":"cbr-128","rate":48000}"#)
  }

  @Test func jsonReadsBackAsWhatWasWritten() throws {
    var options = ConversionOptions()
    for (name, value) in [
      ("preset", "voice"), ("track", "2"), ("language", "fr"), ("rate", "22050"), ("channels", "stereo"),
      ("track", "all"), ("trim", "0.25-1:00:00"), ("loudness", "-23"),
    ] {
      try options.set(name, to: value)
      let json = try JSONEncoder().encode(options)
      #expect(try JSONDecoder().decode(ConversionOptions.self, from: json) == options)
    }
  }

  @Test(arguments: [
    #"{"preset":"v11"}"#, #"{"track":0}"#, #"{"rate":44000}"#, #"{"language":"xxxx"}"#, #"{"channels":"7"}"#,
    #"{"track":"some"}"#, #"{"trim":"2-1"}"#, #"{"loudness":0}"#,
  ])
  func jsonIsCheckedLikeText(json: String) {
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(ConversionOptions.self, from: Data(json.utf8)) }
  }

  @Test func otherClaimsBesideTheOptionsAreLeftAlone() throws {
    let json = Data(#"{"sub":"somebody","track":2}"#.utf8)
    #expect(try JSONDecoder().decode(ConversionOptions.self, from: json).track == .number(2))
  }
}
