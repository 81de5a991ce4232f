import Testing

@testable import MP3Encoder

@Suite struct SeamTests {
  /// A segment of frames of 104 bytes (MPEG-1, 32 kbit/s, 44.1 kHz, mono): 21 of header and side information, 83 of main data
  /// filled with `mark`, with these reservoirs.
  private func segment(_ reservoirs: [Int], first: Int, mark: UInt8) throws -> EncodedSegment {
    var bytes: [UInt8] = []
    for reservoir in reservoirs {
      bytes += [0xFF, 0xFB, 0x10, 0xC0, UInt8(reservoir >> 1), UInt8(reservoir & 1) << 7]
      bytes += [UInt8](repeating: 0, count: 15) + [UInt8](repeating: mark, count: 83)
    }
    return try EncodedSegment(bytes, firstFrame: first)
  }

  @Test func framesAreFoundWithTheirReservoirs() throws {
    let segment = try segment([0, 83, 511], first: 5, mark: 1)
    #expect(segment.frames.map(\.reservoir) == [0, 83, 511])
    #expect(segment.frames.map(\.start) == [0, 104, 208])
    #expect(segment.frames.map(\.end) == [104, 208, 312])
    #expect(segment.frames.map(\.mainData) == [21, 125, 229])
  }

  @Test func bytesThatAreNoFrameAreAnError() throws {
    var bytes = try segment([0, 0], first: 0, mark: 0).bytes
    bytes.removeLast()
    let truncated = bytes
    #expect(throws: EncoderError.self) { try EncodedSegment(truncated, firstFrame: 0) }
  }

  @Test func theSeamIsTheFirstFrameWhoseReservoirFits() throws {
    let earlier = try segment([0, 10, 20, 30, 40, 50], first: 0, mark: 1)
    let later = try segment([0, 31, 40, 60, 0], first: 2, mark: 2)
    #expect(Seam(between: earlier, and: later, minimum: 0)?.later == 0)
    #expect(Seam(between: earlier, and: later, minimum: 1)?.later == 2)
    #expect(Seam(between: earlier, and: later, minimum: 1)?.earlier == 4)
  }

  @Test func noSeamLiesBeyondEitherSegment() throws {
    let earlier = try segment([0, 0, 0], first: 0, mark: 1)
    let later = try segment([0, 1, 0, 0], first: 1, mark: 2)
    #expect(Seam(between: earlier, and: later, minimum: 1) == nil)
    #expect(Seam(between: earlier, and: later, minimum: 9) == nil)
    #expect(Seam(between: later, and: try segment([0, 0, 0, 0, 0], first: 9, mark: 3), minimum: 0) == nil)
  }

  @Test func theLaterReservoirMovesOverTheEarlierOne() throws {
    var stitching = Stitching(try plan(earliestSeam: 2))
    let earlier = try segment([0, 0, 0, 0, 100, 0], first: 0, mark: 1)
    let later = try segment([0, 0, 100, 7], first: 2, mark: 2)
    guard case .joined(let nothing) = stitching.join(earlier), case .joined(let kept) = stitching.join(later) else {
      Issue.record("no seam")
      return
    }
    #expect(nothing.lengths == [])
    #expect(kept.lengths == [104, 104, 104, 104])
    let main = (0..<4).flatMap { Array(kept.bytes)[$0 * 104 + 21..<$0 * 104 + 104] }
    #expect(main == [UInt8](repeating: 1, count: 4 * 83 - 100) + [UInt8](repeating: 2, count: 100))
    let rest = stitching.finish()
    #expect(Array(rest.bytes) == Array(later.bytes[208...]))
  }

  @Test func whatDoesNotFitIsNotJoined() throws {
    var stitching = Stitching(try plan(earliestSeam: 1))
    _ = stitching.join(try segment([0, 0, 0], first: 0, mark: 1))
    guard case .noSeam = stitching.join(try segment([0, 5, 5], first: 0, mark: 2)) else {
      Issue.record("a reservoir that is too long was joined")
      return
    }
    #expect(Array(stitching.finish().bytes) == (try segment([0, 0, 0], first: 0, mark: 1)).bytes)
  }

  private func plan(earliestSeam: Int) throws -> SegmentPlan {
    let settings = try EncoderSettings(sampleRate: 44100, channels: 1, mode: .constant(kilobitsPerSecond: 32))
    return SegmentPlan(settings, earliestSeam: earliestSeam)
  }
}

@Suite struct FreshStartTests {
  static let modes: [(BitrateMode, Int, Int)] = [
    (.constant(kilobitsPerSecond: 128), 44100, 2), (.variable(quality: 2), 44100, 2),
    (.average(kilobitsPerSecond: 32), 16000, 1), (.constant(kilobitsPerSecond: 16), 8000, 1),
  ]

  /// The segment in the middle of `sound`, primed, as the second of two.
  private func task(_ sound: Sound, _ mode: BitrateMode) throws -> SegmentTask {
    let settings = try EncoderSettings(sampleRate: sound.rate, channels: sound.channels, mode: mode)
    var samples = SegmentSamples(channels: sound.channels)
    samples.append(sound.left.span, sound.channels == 2 ? sound.right.span : Span(), 0..<sound.count)
    return SegmentTask(
      number: 1, samples: samples, settings: settings, plan: SegmentPlan(settings, framesPerSegment: 64), isLast: true)
  }

  @Test(arguments: modes)
  func aFreshStartNeedsNoReservoirWhereTheSegmentBegins(mode: BitrateMode, rate: Int, channels: Int) throws {
    var task = try task(.music(rate: rate, channels: channels, seconds: 4), mode)
    let usual = try #require(try task.run { false })
    task.startsAfresh = true
    let fresh = try #require(try task.run { false })
    #expect(fresh.frames.count == usual.frames.count)
    let begins = fresh.frames.indices.filter { $0 >= task.plan.earliestSeam && fresh.frames[$0].reservoir == 0 }
    #expect(begins.contains { (task.plan.priming - 3...task.plan.priming).contains($0) })
  }

  @Test func aCancelledSegmentIsGivenUp() throws {
    let task = try task(.music(rate: 8000, channels: 1, seconds: 9), .variable(quality: 4))
    var asked = 0
    let segment = try task.run {
      asked += 1
      return asked == 3
    }
    #expect(segment == nil)
    #expect(asked == 3)
  }

  /// A plan whose window for seams is so short that some segments have to start afresh, or, where they are long enough,
  /// to be led up to by a bridge.
  @Test(.enabled(if: Judge.hasFFmpeg), arguments: [50, 100, 400])
  func segmentsThatStartAfreshAreWhole(framesPerSegment: Int) throws {
    let mode = BitrateMode.constant(kilobitsPerSecond: 128)
    let sound = Sound.music(rate: 44100, channels: 2, seconds: Double(framesPerSegment) * 0.3)
    let settings = try EncoderSettings(sampleRate: 44100, channels: 2, mode: mode)
    let plan = SegmentPlan(settings, framesPerSegment: framesPerSegment, trailing: 2, earliestSeam: 22)
    #expect(try freshStarts(sound, settings, plan) > 0)

    let encoded = try encode(sound, mode, plan: plan)
    let (decoded, complaints) = try Judge.decode(encoded.bytes, channels: 2)
    let serial = try Judge.decode(try encode(sound, mode).bytes, channels: 2).channels
    #expect(complaints == "")
    #expect(decoded[0].count == sound.count)
    #expect(noise(decoded[0], sound.left) < 1.1 * noise(serial[0], sound.left))
    #expect(try encode(sound, mode, threads: EncoderThreads(count: 3), plan: plan).bytes == encoded.bytes)
  }

  private func freshStarts(_ sound: Sound, _ settings: EncoderSettings, _ plan: SegmentPlan) throws -> Int {
    var cutter = SegmentCutter(plan, channels: 2)
    var stitching = Stitching(plan)
    var (offset, count) = (0, 0)
    while offset < sound.count {
      let number = cutter.segment
      guard let samples = cutter.take(sound.left.span, sound.right.span, from: &offset) else { break }
      var task = SegmentTask(number: number, samples: samples, settings: settings, plan: plan, isLast: false)
      guard case .noSeam = stitching.join(try #require(try task.run { false })) else { continue }
      count += 1
      task.startsAfresh = true
      _ = stitching.join(try #require(try task.run { false }))
    }
    return count
  }

  private func noise(_ decoded: [Float], _ source: [Float]) -> Float {
    zip(decoded, source).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  }
}
