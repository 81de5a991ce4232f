import Testing
import WireFormats

@testable import MP3Encoder

@Suite struct EncoderSettingsTests {
  @Test(arguments: [
    (44100, 128, 128), (44100, 8, 32), (44100, 1000, 320), (48000, 100, 96), (48000, 104, 112), (22050, 320, 160),
    (16000, 7, 8), (8000, 128, 64), (11025, 1, 8), (24000, 150, 144), (24000, 152, 160),
  ])
  func aBitrateThatMP3LacksIsMovedToTheNearest(rate: Int, wanted: Int, given: Int) throws {
    let constant = try EncoderSettings(sampleRate: rate, channels: 2, mode: .constant(kilobitsPerSecond: wanted))
    #expect(constant.mode == .constant(kilobitsPerSecond: given))
    let average = try EncoderSettings(sampleRate: rate, channels: 1, mode: .average(kilobitsPerSecond: wanted))
    #expect(average.mode == .average(kilobitsPerSecond: given))
  }

  @Test(arguments: [
    (96000, 2, BitrateMode.variable(quality: 2), "MP3 has no sample rate of 96000 Hz."),
    (0, 2, .variable(quality: 2), "MP3 has no sample rate of 0 Hz."),
    (44100, 3, .variable(quality: 2), "An MP3 has 1 or 2 channels, not 3."),
    (44100, 0, .variable(quality: 2), "An MP3 has 1 or 2 channels, not 0."),
    (44100, 2, .variable(quality: 10), "The VBR quality is a number from 0 to 9, not 10."),
    (44100, 2, .variable(quality: -1), "The VBR quality is a number from 0 to 9, not -1."),
    (44100, 2, .constant(kilobitsPerSecond: 0), "A bit rate is a positive number of kbit/s, not 0."),
    (44100, 2, .average(kilobitsPerSecond: -8), "A bit rate is a positive number of kbit/s, not -8."),
  ])
  func whatMP3CannotDoIsRefusedInASentence(rate: Int, channels: Int, mode: BitrateMode, sentence: String) {
    let error = #expect(throws: EncoderError.self) {
      _ = try EncoderSettings(sampleRate: rate, channels: channels, mode: mode)
    }
    #expect(error?.description == sentence)
  }

  @Test func lameTakesAllThatTheSettingsAllow() throws {
    for rate in MP3Rates.all {
      for bitrate in MPEGVersion(sampleRate: rate)!.encoderBitrates {
        _ = try LAME(EncoderSettings(sampleRate: rate, channels: 1, mode: .constant(kilobitsPerSecond: bitrate)))
        _ = try LAME(EncoderSettings(sampleRate: rate, channels: 2, mode: .average(kilobitsPerSecond: bitrate)))
      }
    }
  }

  /// One second at every constant bit rate: LAME may choose neither another one nor free format.
  @Test(arguments: MP3Rates.all)
  func constantMeansThatEveryFrameHasTheBitrate(rate: Int) throws {
    for bitrate in MPEGVersion(sampleRate: rate)!.encoderBitrates {
      let encoded = try encode(.tone(rate: rate, channels: 2, count: rate), .constant(kilobitsPerSecond: bitrate))
      let frames = try EncodedSegment(Array(encoded.music), firstFrame: 0).frames
      #expect(frames.count == encoded.summary.frameCount)
      let rates = Set(frames.map { header(encoded.music.dropFirst($0.start))!.bitrate })
      #expect(rates == [bitrate])
    }
  }
}

@Suite struct MP3FrameHeaderTests {
  @Test func aHeaderIsReadFieldByField() throws {
    let stereo = try #require(header([0xFF, 0xFB, 0x92, 0x64]))
    #expect(stereo.version == .mpeg1)
    #expect(stereo.bitrate == 128)
    #expect(stereo.sampleRate == 44100)
    #expect(stereo.channels == 2)
    #expect(!stereo.isProtected)
    #expect(stereo.isPadded)
    #expect(stereo.frameLength == 418)
    #expect(stereo.mainDataOffset == 36)
    let mono = try #require(header([0xFF, 0xE2, 0x18, 0xC0]))
    #expect(mono.version == .mpeg25)
    #expect(mono.bitrate == 8)
    #expect(mono.sampleRate == 8000)
    #expect(mono.channels == 1)
    #expect(mono.isProtected)
    #expect(mono.frameLength == 72)
    #expect(mono.mainDataOffset == 4 + 2 + 9)
  }

  @Test(
    arguments: [
      ([0xFF, 0xFB, 0x90], "too short"), ([0xFE, 0xFB, 0x90, 0x64], "no sync"), ([0xFF, 0xDB, 0x90, 0x64], "no sync"),
      ([0xFF, 0xFD, 0x90, 0x64], "Layer II"), ([0xFF, 0xF9, 0x90, 0x64], "no layer"),
      ([0xFF, 0xEB, 0x90, 0x64], "no version"),
      ([0xFF, 0xFB, 0x00, 0x64], "free format"), ([0xFF, 0xFB, 0xF0, 0x64], "no bit rate"),
      ([0xFF, 0xFB, 0x9C, 0x64], "no sample rate"), ([], "nothing"),
    ] as [([UInt8], String)])
  func whatIsNoLayerIIIFrameIsRefused(bytes: [UInt8], why: String) {
    #expect(header(bytes) == nil, "\(why)")
  }
}

@Suite struct SegmentCutterTests {
  private func plan() throws -> SegmentPlan {
    let settings = try EncoderSettings(sampleRate: 8000, channels: 2, mode: .variable(quality: 4))
    return SegmentPlan(settings, framesPerSegment: 100)
  }

  @Test func segmentsOverlapByPrimingAndTrailing() throws {
    let plan = try plan()
    let count = 576 * 350
    let left = (0..<count).map { Float($0) / Float(count) }
    let right = left.map { -$0 }
    var cutter = SegmentCutter(plan, channels: 2)
    var offset = 0
    var segments: [SegmentSamples] = []
    while offset < count { if let full = cutter.take(left.span, right.span, from: &offset) { segments.append(full) } }
    segments.append(cutter.samples)
    #expect(cutter.sampleCount == count)
    #expect(segments.count == 4)
    for (number, segment) in segments.enumerated() {
      let start = max(0, number * 100 - 24) * 576
      let end = min(((number + 1) * 100 + 8) * 576, count)
      #expect(plan.firstFrame(of: number) * 576 == start)
      #expect(segment.left == Array(left[start..<end]))
      #expect(segment.right == Array(right[start..<end]))
    }
  }

  @Test func samplesAreCleaned() {
    var samples = SegmentSamples(channels: 1)
    let dirty: [Float] = [.nan, .infinity, -.infinity, 1e38, -1e38, 1.5, -2, 0, -0.0, .leastNonzeroMagnitude]
    samples.append(dirty.span, Span(), 0..<dirty.count)
    #expect(samples.left == [0, 16, -16, 16, -16, 1.5, -2, 0, 0, .leastNonzeroMagnitude])
    #expect(samples.right.isEmpty)
  }
}
