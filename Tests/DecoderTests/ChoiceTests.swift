import Testing
import WireFormats

@testable import Decoder

@Suite struct ChoiceTests {
  private func track(
    _ language: String? = nil, isDefault: Bool = false, isDecodable: Bool = true, hasFormat: Bool = true
  ) -> AudioTrack {
    AudioTrack(stream: 0, language: language, isDefault: isDefault, isDecodable: isDecodable, hasFormat: hasFormat)
  }

  private func choose(_ tracks: [AudioTrack], track: Int? = nil, language: String? = nil) -> Result<Int, DecodeFailure>
  {
    Result { () throws(DecodeFailure) in
      try TrackChoice.choose(DecodeRequest(track: track, language: language), among: tracks)
    }
  }

  @Test func withoutWishesTheDefaultTrackIsTaken() {
    #expect(choose([track(), track(isDefault: true), track(isDefault: true)]) == .success(1))
  }

  @Test func withoutADefaultTheFirstIsTaken() { #expect(choose([track(), track()]) == .success(0)) }

  @Test func trackThatCannotBeDecodedIsTheLastChoice() {
    #expect(choose([track(isDefault: true, isDecodable: false), track()]) == .success(1))
    #expect(choose([track(isDefault: true, hasFormat: false), track()]) == .success(1))
    #expect(choose([track(isDecodable: false)]) == .success(0))
  }

  @Test func numberGoesBeforeLanguage() {
    #expect(choose([track("eng"), track("fra")], track: 1, language: "fr") == .success(0))
  }

  @Test(arguments: ["de", "deu", "ger", "DE", "de-AT"])
  func languageHasManyNames(_ name: String) {
    #expect(choose([track("eng", isDefault: true), track("ger"), track("deu")], language: name) == .success(1))
  }

  @Test func whatIsNotThereIsRefusedForGood() {
    for result in [choose([track()], track: 2), choose([track()], track: 0), choose([track("eng")], language: "fi")] {
      guard case .failure(let failure) = result else {
        Issue.record("a track was chosen")
        continue
      }
      #expect(failure.kind == .noSuchTrack && failure.isCertain)
    }
    #expect(choose([]) == .failure(DecodeFailure(.noAudioTrack)))
  }

  @Test func rateIsTheNearestThatMP3Has() {
    let rates = [192000: 48000, 48000: 48000, 47999: 44100, 44100: 44100, 11024: 8000, 11025: 11025, 4000: 8000]
    for (source, rate) in rates { #expect(MP3Rates.nearest(to: source) == rate) }
  }

  private struct Header: Sendable {
    var bytes: [UInt8]
    var rate: Int
    var channels: Int
    var size: Int
    var samples: Int
  }

  private static let headers = [
    Header(bytes: [0xFF, 0xFB, 0x90, 0x00], rate: 44100, channels: 2, size: 417, samples: 1152),
    Header(bytes: [0xFF, 0xFB, 0x92, 0xC0], rate: 44100, channels: 1, size: 418, samples: 1152),
    Header(bytes: [0xFF, 0xF3, 0x84, 0xC4], rate: 24000, channels: 1, size: 192, samples: 576),
    Header(bytes: [0xFF, 0xE3, 0xE8, 0x00], rate: 8000, channels: 2, size: 1440, samples: 576),
  ]

  @Test(arguments: headers)
  private func frameHeaderTellsItsFormat(_ expected: Header) throws {
    let bytes = expected.bytes
    let parsed = MP3FrameHeader(bytes.span)
    let header = try #require(parsed)
    #expect(header.sampleRate == expected.rate && header.channels == expected.channels)
    #expect(header.frameLength == expected.size && header.samplesPerFrame == expected.samples)
  }

  @Test(
    arguments: [
      [0xFF, 0xFB, 0x00, 0x00], [0xFF, 0xFB, 0xF0, 0x00], [0xFF, 0xFB, 0x9C, 0x00], [0xFF, 0xEB, 0x90, 0x00],
      [0xFF, 0xFD, 0x90, 0x00], [0xFF, 0xFB, 0x90], [0x49, 0x44, 0x33, 0x04],
    ] as [[UInt8]])
  func whatIsNoLayerThreeFrameHasNoHeader(_ bytes: [UInt8]) {
    let parsed = MP3FrameHeader(bytes.span)
    #expect(parsed == nil)
  }

  @Test func ordersAndReportsSurviveTheSocket() {
    var request = DecodeRequest(track: 3, language: "deu", rate: 22050, channels: .mono, allowsCopy: true)
    (request.limits.streams, request.limits.allocation, request.limits.maximumDuration) = (7, 8, .seconds(5))
    (request.start, request.end) = (.milliseconds(1500), .seconds(1 << 30))
    let orders: [ZygoteOrder] = [
      .start(job: 1 << 40, request, needed: [.seccomp, .limits]), .start(job: 0, DecodeRequest(), needed: []),
      .kill(job: 9), .report(job: 10),
    ]
    for order in orders {
      #expect(ZygoteOrder(order.bytes) == order && order.bytes.count <= ZygoteOrder.largest)
      for count in 0..<order.bytes.count { #expect(ZygoteOrder(Array(order.bytes.prefix(count))) == nil) }
    }
    for report in [ZygoteReport.ended(job: 5, status: 139), .notStarted(job: 6, errno: 11)] {
      #expect(ZygoteReport(report.bytes) == report && report.bytes.count <= ZygoteReport.largest)
    }
  }
}
