import Testing
import WireFormats

@Suite struct PresetTests {
  @Test(arguments: [
    ("v0", Preset.variable(quality: 0)), ("v9", .variable(quality: 9)), ("cbr-8", .constant(kilobitsPerSecond: 8)),
    ("cbr-320", .constant(kilobitsPerSecond: 320)), ("abr-8", .average(kilobitsPerSecond: 8)),
    ("abr-193", .average(kilobitsPerSecond: 193)), ("voice", .voice),
  ])
  func eachSpellingReadsBackAsItself(text: String, preset: Preset) throws {
    #expect(try Preset(parsing: text) == preset)
    #expect(preset.name == text)
    #expect("\(preset)" == text)
  }

  @Test(arguments: [
    "", "v", "v10", "v-1", "v02", "V2", "v2 ", "cbr", "cbr-", "cbr-+128", "cbr-0128", "cbr-999999999999999999999",
    "abr-7", "abr-321", "Voice", "v٣",
  ])
  func otherSpellingsAreRefusedWithTheRightOnes(text: String) {
    let error = #expect(throws: OptionError.self) { try Preset(parsing: text) }
    #expect(
      error?.description.hasPrefix("preset must be v0 to v9, cbr-8 to cbr-320, abr-8 to abr-320 or voice") == true)
  }

  @Test func aConstantRateThatMP3LacksIsRefusedWithThoseItHas() {
    let error = #expect(throws: OptionError.self) { try Preset(parsing: "cbr-100") }
    #expect(error?.description.contains("256 or 320") == true)
  }

  @Test func everyConstantRateIsAccepted() throws {
    for rate in Preset.constantBitRates {
      #expect(try Preset(parsing: "cbr-\(rate)") == .constant(kilobitsPerSecond: rate))
    }
  }
}
