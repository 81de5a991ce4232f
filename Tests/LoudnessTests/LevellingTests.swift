import Testing

@testable import Loudness

@Suite struct LevellingTests {
  /// A limiter that is asked for `gain`, whatever was measured.
  private func limiting(_ gain: Double) throws -> Normalization {
    try Normalization(of: MeasuredLoudness(integrated: -40, samplePeak: 1, truePeak: nil), to: -40 + gain)
  }

  @Test func silenceStaysAsItIs() throws {
    let silence = Signal(left: [Float](repeating: 0, count: 30_000), right: [Float](repeating: 0, count: 30_000))
    let normalization = try Normalization(of: measure(silence), to: -5)
    #expect(normalization.gain == 0)
    #expect(!normalization.needsLimiter)
    #expect(try level(silence, normalization).left == silence.left)
  }

  @Test func theGainIsWhatIsMissing() throws {
    let measured = MeasuredLoudness(integrated: -30, samplePeak: 0.09, truePeak: 0.1)
    #expect(try Normalization(of: measured, to: -16).gain == 14)
    #expect(try Normalization(of: measured, to: -31.5).gain == -1.5)
  }

  @Test func theLimiterIsNeededWherePeaksWouldBeOverTheCeiling() throws {
    let measured = MeasuredLoudness(integrated: -30, samplePeak: 0.09, truePeak: 0.1)
    #expect(try !Normalization(of: measured, to: -11.01).needsLimiter)
    #expect(try Normalization(of: measured, to: -10.99).needsLimiter)
    let unknown = MeasuredLoudness(integrated: -30, samplePeak: 0.09, truePeak: nil)
    #expect(try Normalization(of: unknown, to: -30).needsLimiter)
  }

  @Test(arguments: [-70.1, -4.9, 0, .nan, .infinity, -.infinity])
  func noOtherTargetIsTaken(target: Double) {
    let error = #expect(throws: LoudnessError.self) {
      try Normalization(of: MeasuredLoudness(integrated: nil, samplePeak: 0, truePeak: 0), to: target)
    }
    #expect(error?.description == "The loudness to level to is from -70.0 to -5.0 LUFS, not \(target).")
  }

  @Test func withoutALimiterEachSampleIsMultiplied() throws {
    let signal = Signal.music(seconds: 1, level: 0.1)
    let normalization = try Normalization(
      of: MeasuredLoudness(integrated: -26, samplePeak: 0.2, truePeak: 0.2), to: -20)
    #expect(!normalization.needsLimiter)
    let factor: Float = 1.995_262_3
    #expect(try level(signal, normalization).left == signal.left.map { $0 * factor })
    #expect(try level(signal, normalization).right == signal.right.map { $0 * factor })
  }

  @Test func whatIsBelowTheCeilingPassesTheLimiterUnchangedAndInTime() throws {
    let signal = Signal.music(seconds: 1, level: 0.4)
    let result = try level(signal, limiting(0))
    #expect(result.left == signal.left)
    #expect(result.right == signal.right)
  }

  @Test(arguments: [0, 1, 2, 5, 113, 225, 511, 512, 513, 736, 737, 1024, 3000])
  func asManySamplesComeOutAsWentIn(count: Int) throws {
    let noise = Signal.music(channels: 1, seconds: Double(count) / 44100 + 0.001, level: 2)
    let signal = Signal(left: Array(noise.left.prefix(count)), right: [], rate: 44100)
    #expect(try level(signal, limiting(6)).count == count)
    #expect(try level(signal, limiting(6)).right.isEmpty)
  }

  @Test(arguments: [8000, 22050, 48000])
  func thePiecesDoNotMatter(rate: Int) throws {
    let signal = Signal.music(rate: rate, seconds: 1, level: 0.8)
    let whole = try level(signal, limiting(9), piece: .max / 2)
    for piece in [1, 7, 512, 1000] {
      let result = try level(signal, limiting(9), piece: piece)
      #expect(result.left == whole.left, "pieces of \(piece)")
      #expect(result.right == whole.right, "pieces of \(piece)")
    }
  }

  static let loud: [(String, Signal)] = [
    ("music", .music(seconds: 3, level: 0.7)),
    ("speech", .speech(seconds: 6)),
    ("steps", .tones((0..<12).map { ($0.isMultiple(of: 2) ? -40 : -0.5, 0.05 * Double($0)) }, rate: 16000)),
    ("noise", .noise(count: 40_000)),
    ("clicks", .clicks(count: 40_000)),
    ("between the samples", .quarterRate(count: 20_000)),
  ]

  @Test(arguments: loud.indices, [0, 6, 20])
  func noTruePeakIsOverTheCeiling(number: Int, gain: Double) throws {
    let (name, signal) = Self.loud[number]
    let peak = decibels(try #require(try measure(level(signal, limiting(gain))).truePeak))
    #expect(peak <= Normalization.ceiling + 0.1, "\(name): \(peak) dBTP")
  }

  @Test func theLimiterTakesNoMoreThanItMust() throws {
    let signal = Signal.tones([(-6, 1)], rate: 44100)
    let peak = decibels(try #require(try measure(level(signal, limiting(20))).truePeak))
    #expect(abs(peak - Normalization.ceiling) < 0.1, "\(peak) dBTP")
  }

  @Test func bothChannelsAreTurnedDownAlike() throws {
    var signal = Signal.music(seconds: 1, level: 0.9)
    signal.right = signal.left.map { $0 * 0.25 }
    let result = try level(signal, limiting(12))
    let isBalanced = zip(result.left, result.right).allSatisfy { abs($0 * 0.25 - $1) < 1e-6 }
    #expect(isBalanced)
  }

  @Test func aPeakIsForgottenSoon() throws {
    var signal = Signal.tones([(-20, 2.5)])
    let quiet = try level(signal, limiting(0))
    signal.left[30_000] = 8
    let result = try level(signal, limiting(0))
    // 6 ms before the peak nothing has happened; fifteen time constants after it, it is over.
    #expect(result.left[..<29_712] == quiet.left[..<29_712])
    #expect(result.left[102_000...] == quiet.left[102_000...])
    #expect(abs(result.left[30_010]) < abs(quiet.left[30_010]) / 5)
  }

  @Test func whatIsNoNumberBecomesSilence() throws {
    var signal = Signal.music(seconds: 1)
    (signal.left[100], signal.right[20_000], signal.left[30_000]) = (.nan, .infinity, -.infinity)
    for normalization in [try limiting(6), try Normalization(of: measure(signal), to: -70)] {
      let result = try level(signal, normalization)
      #expect(result.left[100] == 0)
      let isFinite = (result.left + result.right).allSatisfy(\.isFinite)
      #expect(isFinite)
    }
  }

  @Test(arguments: [-23.0, -20, -18])
  func speechBecomesAsLoudAsWanted(target: Double) throws {
    let signal = Signal.speech(seconds: 20)
    let normalization = try Normalization(of: measure(signal), to: target)
    #expect(normalization.needsLimiter == (target > -22))
    let loudness = try #require(try measure(level(signal, normalization)).integrated)
    #expect(abs(loudness - target) <= 0.5, "\(loudness) LUFS")
  }

  /// Peaks are held down by 6 dB here, which takes almost 1 LU away.
  @Test func aTrialCorrectsWhatTheLimiterTookAway() throws {
    let signal = Signal.speech(seconds: 20)
    let normalization = try Normalization(of: measure(signal), to: -16)
    let trial = try measure(level(signal, normalization))
    #expect(try #require(trial.integrated) < -16.5)
    let corrected = normalization.corrected(by: trial)
    let result = try measure(level(signal, corrected))
    #expect(abs(try #require(result.integrated) + 16) <= 0.5)
    #expect(decibels(try #require(result.truePeak)) <= Normalization.ceiling + 0.1)
  }

  @Test func nothingIsCorrectedWithoutALimiterOrWithoutLoudness() throws {
    let measured = MeasuredLoudness(integrated: -30, samplePeak: 0.09, truePeak: 0.1)
    let plain = try Normalization(of: measured, to: -20)
    #expect(plain.corrected(by: MeasuredLoudness(integrated: -21, samplePeak: 1, truePeak: 1)) == plain)
    let limited = try limiting(20)
    #expect(limited.corrected(by: MeasuredLoudness(integrated: nil, samplePeak: 1, truePeak: 1)) == limited)
  }

  @Test func whatTheBodyThrowsEndsIt() throws {
    struct Full: Error {}
    let signal = Signal.music(seconds: 1)
    var levelling = try Levelling(limiting(6), sampleRate: 44100, channels: 2)
    var calls = 0
    #expect(throws: Full.self) {
      try levelling.process(signal.left.span, signal.right.span) { _, _ throws(Full) in
        calls += 1
        if calls == 3 { throw Full() }
      }
    }
    #expect(calls == 3)
  }
}

extension Signal {
  static func noise(count: Int) -> Signal {
    var dice = Dice(state: 11)
    return Signal(left: (0..<count).map { _ in dice.next() }, right: (0..<count).map { _ in dice.next() })
  }

  /// Single samples at full scale, and pairs, at distances that grow.
  static func clicks(count: Int) -> Signal {
    var samples = [Float](repeating: 0, count: count)
    for step in 1..<Int(Double(count).squareRoot()) {
      samples[step * step] = step.isMultiple(of: 2) ? 1 : -1
      if step.isMultiple(of: 3) { samples[step * step - 1] = samples[step * step] }
    }
    return Signal(left: samples, right: samples.reversed())
  }

  /// A sine at a quarter of the sample rate whose samples are all 3 dB below its peaks.
  static func quarterRate(count: Int) -> Signal {
    let samples = (0..<count).map { Float([0.7, 0.7, -0.7, -0.7][$0 % 4]) * ($0 % 5000 < 2500 ? 1 : 0.1) }
    return Signal(left: samples, right: [])
  }
}
