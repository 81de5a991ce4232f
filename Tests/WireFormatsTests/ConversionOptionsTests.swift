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
    let values = ["preset": "abr-192", "track": "3", "language": "deu", "rate": "44100", "channels": "auto"]
    #expect(Set(values.keys) == Set(ConversionOptions.names))
    var options = ConversionOptions()
    for (name, value) in values { try options.set(name, to: value) }
    #expect(options.preset == .average(kilobitsPerSecond: 192))
    #expect(options.track == 3)
    #expect(options.language == "deu")
    #expect(options.rate == 44_100)
    #expect(options.channels == .auto)
  }

  @Test func anEmptyValueSetsTheDefault() throws {
    var options = ConversionOptions()
    options.preset = .voice
    options.track = 2
    options.language = "en"
    options.rate = 8000
    options.channels = .mono
    for name in ConversionOptions.names { try options.set(name, to: "") }
    #expect(options == ConversionOptions())
  }

  @Test(arguments: [
    ("preset", "v11", "preset must be"), ("track", "0", "from 1"), ("track", "-1", "from 1"),
    ("track", "1.5", "from 1"),
    ("language", "english", "ISO 639"), ("language", "EN", "ISO 639"), ("language", "e", "ISO 639"),
    ("language", "éé", "ISO 639"), ("rate", "44.1", "48000, 44100"), ("rate", "96000", "11025 or 8000"),
    ("channels", "5.1", "source, mono, stereo or auto"),
    ("bitrate", "128", "preset, track, language, rate or channels"),
  ])
  func aWrongValueChangesNothingAndIsToldWhatIsRight(name: String, value: String, right: String) {
    var options = ConversionOptions()
    let error = #expect(throws: OptionError.self) { try options.set(name, to: value) }
    #expect(error?.description.contains(right) == true)
    #expect(error?.description.contains("“\(name == "bitrate" ? name : value)”") == true)
    #expect(options == ConversionOptions())
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
    ] {
      try options.set(name, to: value)
      let json = try JSONEncoder().encode(options)
      #expect(try JSONDecoder().decode(ConversionOptions.self, from: json) == options)
    }
  }

  @Test(arguments: [
    #"{"preset":"v11"}"#, #"{"track":0}"#, #"{"rate":44000}"#, #"{"language":"xxxx"}"#, #"{"channels":"7"}"#,
  ])
  func jsonIsCheckedLikeText(json: String) {
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(ConversionOptions.self, from: Data(json.utf8)) }
  }

  @Test func otherClaimsBesideTheOptionsAreLeftAlone() throws {
    let json = Data(#"{"sub":"somebody","track":2}"#.utf8)
    #expect(try JSONDecoder().decode(ConversionOptions.self, from: json).track == 2)
  }
}
