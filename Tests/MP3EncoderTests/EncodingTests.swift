import Testing

@testable import MP3Encoder

@Suite struct EncodingTests {
  @Test(arguments: [BitrateMode.variable(quality: 4), .constant(kilobitsPerSecond: 128)])
  func theBytesDoNotDependOnTheThreads(mode: BitrateMode) throws {
    let sound = Sound.music(rate: 44100, channels: 2, seconds: 7)
    let one = try encode(sound, mode, threads: EncoderThreads(count: 1), framesPerSegment: 48)
    for count in [2, 8] {
      let more = try encode(sound, mode, threads: EncoderThreads(count: count), framesPerSegment: 48)
      #expect(more.bytes == one.bytes, "\(count) threads")
    }
  }

  @Test func theBytesDoNotDependOnThePieces() throws {
    let sound = Sound.music(rate: 22050, channels: 1, seconds: 8)
    let mode = BitrateMode.average(kilobitsPerSecond: 48)
    let whole = try encode(sound, mode, framesPerSegment: 64, piece: .max / 2)
    for piece in [1, 577, 64 * 576] {
      #expect(try encode(sound, mode, framesPerSegment: 64, piece: piece).bytes == whole.bytes, "pieces of \(piece)")
    }
  }

  @Test func severalFilesShareThreadsWithoutMixing() async throws {
    let sounds = [8000, 16000, 32000].map { Sound.music(rate: $0, channels: 2, seconds: 6) }
    let mode = BitrateMode.variable(quality: 6)
    let alone = try sounds.map { try encode($0, mode, framesPerSegment: 50).bytes }
    let together = try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
      for (index, sound) in sounds.enumerated() {
        group.addTask { (index, try encode(sound, mode, framesPerSegment: 50).bytes) }
      }
      return try await group.reduce(into: [Int: [UInt8]]()) { $0[$1.0] = $1.1 }
    }
    for index in sounds.indices { #expect(together[index] == alone[index]) }
  }

  @Test func noSamplesAreAnError() throws {
    let failure = #expect(throws: MP3Failure<Never>.self) {
      _ = try encode(Sound(left: [], right: [], rate: 44100), .variable(quality: 2))
    }
    guard case .encoder(let error)? = failure else {
      Issue.record("not the encoder's failure")
      return
    }
    #expect(error.description == "There is no audio to encode.")
  }

  @Test(arguments: [
    BitrateMode.variable(quality: 0), .constant(kilobitsPerSecond: 64), .average(kilobitsPerSecond: 160),
  ])
  func noSampleValueEndsTheProcess(mode: BitrateMode) throws {
    let values: [Float] = [
      .nan, .signalingNaN, .infinity, -.infinity, 1e38, -1e38, .greatestFiniteMagnitude, .leastNonzeroMagnitude,
      -.leastNormalMagnitude, .leastNormalMagnitude / 3, 16, -16, 17, 1e4, -0.0,
    ]
    for rate in [44100, 22050, 8000] {
      var sound = Sound.noise(rate: rate, channels: 2, count: rate)
      var dice = Dice(state: 3)
      for index in sound.left.indices where index / 1000 % 2 == 0 {
        sound.left[index] = values[Int(abs(dice.next()) * 14.99)]
        sound.right[index] = values[index / 2000 % values.count]
      }
      #expect(try encode(sound, mode).summary.sampleCount == rate)
    }
  }

  @Test func aFullDiskIsTheOutputsFailure() throws {
    let settings = try EncoderSettings(sampleRate: 8000, channels: 1, mode: .variable(quality: 4))
    let failure = #expect(throws: MP3Failure<FullOutput.Full>.self) {
      var encoding = try MP3Encoding(
        settings: settings, tag: ID3Tag(), threads: sharedThreads.get(), output: FullOutput(room: 1000))
      try encoding.append(Sound.tone(rate: 8000, channels: 1, count: 80000).left.span, Span())
      _ = try encoding.finish()
    }
    guard case .output? = failure else {
      Issue.record("not the output's failure")
      return
    }
  }

  @Test func theSummaryIsTrue() throws {
    let sound = Sound.tone(rate: 48000, channels: 2, count: 96000)
    let encoded = try encode(sound, .constant(kilobitsPerSecond: 96))
    #expect(encoded.summary.byteCount == encoded.bytes.count)
    #expect(encoded.summary.sampleCount == 96000)
    #expect(encoded.summary.duration == .seconds(2))
    #expect(encoded.summary.frameCount == encoded.music.count / 288)
    #expect(encoded.summary.sampleRate == 48000)
    #expect(encoded.summary.channels == 2)
    #expect(abs(encoded.summary.averageBitrate - 96) < 0.001)
  }

  @Test(
    .enabled(if: Judge.hasFFmpeg), arguments: [48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000], [1, 2])
  func everyRateSoundsAsLongAsItsSource(rate: Int, channels: Int) throws {
    for (count, mode) in [
      (rate + 17, BitrateMode.variable(quality: 3)), (rate * 2 / 3, .constant(kilobitsPerSecond: 8)),
      (rate / 2, .average(kilobitsPerSecond: 400)),
    ] {
      let sound = Sound.tone(rate: rate, channels: channels, count: count)
      let (decoded, complaints) = try Judge.decode(try encode(sound, mode).bytes, channels: channels)
      #expect(decoded[0].count == count, "\(mode)")
      #expect(complaints == "")
    }
  }

  @Test(
    .enabled(if: Judge.hasFFmpeg),
    arguments: [
      1, 2, 528, 529, 575, 576, 577, 624, 1104, 1105, 1151, 1152, 1153, 1727, 1728, 1729, 5000, 40 * 1152, 88 * 1152,
    ])
  func everyCountIsKeptToTheSample(count: Int) throws {
    let sound = Sound.tone(rate: 44100, channels: 1, count: count)
    for offset in [-1, 0, 1] where count + offset > 0 && count > 2000 || offset == 0 {
      let cut = Sound(left: Array(sound.left.prefix(count + offset)), right: [], rate: 44100)
      let encoded = try encode(cut, .variable(quality: 4), framesPerSegment: 40)
      #expect(try Judge.decode(encoded.bytes, channels: 1).channels[0].count == cut.count)
      #expect(encoded.summary.sampleCount == cut.count)
    }
  }

  @Test(.enabled(if: Judge.hasMPG123), arguments: FidelityTests.cases)
  func mpg123HasNoComplaint(_ example: FidelityTests.Case) throws {
    let sound = Sound.music(rate: example.rate, channels: example.channels, seconds: 6)
    let encoded = try encode(sound, example.mode, framesPerSegment: 50)
    #expect(try Judge.mpg123Complaints(encoded.bytes) == "")
  }

  @Test(.enabled(if: Judge.hasFFmpeg), arguments: [(0, 48000), (2, 44100), (5, 44100), (7, 22050)])
  func theSettingsMeanWhatTheyMeanToFFmpeg(quality: Int, rate: Int) throws {
    let sound = Sound.music(rate: rate, channels: 2, seconds: 6)
    let size = try encode(sound, .variable(quality: quality)).music.count
    let other = try Judge.ffmpegSize(of: sound, ["-q:a", "\(quality)"])
    #expect(abs(Double(size) / Double(other) - 1) < 0.005)
  }
}

@Suite struct CancellationTests {
  @Test func droppingAnEncodingFreesItsPlace() throws {
    let threads = try EncoderThreads(count: 2)
    let settings = try EncoderSettings(sampleRate: 44100, channels: 2, mode: .variable(quality: 2))
    let sound = Sound.noise(rate: 44100, channels: 2, count: 44100 * 3)
    for _ in 0..<10 {
      var encoding = try MP3Encoding(
        settings: settings, tag: ID3Tag(), threads: threads, output: CountingOutput(),
        plan: SegmentPlan(settings, framesPerSegment: 30))
      try encoding.append(sound.left.span, sound.right.span)
    }
    #expect(threads.openLanes == 0)
    #expect(try encode(sound, .variable(quality: 2), threads: threads).summary.sampleCount == sound.count)
  }

  @Test(.timeLimit(.minutes(5))) func theThreadsEndWithTheirPool() throws {
    weak let desk = try EncoderThreads(count: 4).deskForTests
    while desk != nil { yieldProcessor() }
  }
}
