import Testing

@testable import Loudness

@Suite struct MeterTests {
  @Test(arguments: Signal.tech3341)
  func theSignalsOfTech3341AreAsLoudAsItSays(parts: [(Double, Double)], loudness: Double) throws {
    // At a low sample rate, since it takes long enough.
    let signal = Signal.tones(parts.map { (level: $0.0, seconds: $0.1) }, rate: 8000)
    let measured = try #require(try measure(signal, truePeak: false).integrated)
    #expect(abs(measured - loudness) <= 0.1, "\(measured) LUFS")
  }

  @Test func monoIsOneChannelAndNotTwo() throws {
    var signal = Signal.tones([(-20, 2)])
    signal.right = []
    let measured = try #require(try measure(signal).integrated)
    #expect(abs(measured + 23.01) <= 0.1, "\(measured) LUFS")
  }

  @Test func theCurveIsHigherThanItsSamples() throws {
    // A quarter of the sample rate, 45 degrees off: every sample is 3 dB below the peaks of the sine.
    let samples = (0..<48000).map { Float([0.5, 0.5, -0.5, -0.5][$0 % 4]) }
    let measured = try measure(Signal(left: faded(samples), right: []))
    #expect(measured.samplePeak == 0.5)
    // Tech 3341, cases 15 to 19: at most 0.2 dB above and 0.4 dB below the truth, here -3.01 dBTP.
    let peak = decibels(try #require(measured.truePeak))
    #expect((-3.41 ... -2.81).contains(peak), "\(peak) dBTP")
  }

  /// A sine that began at once would overshoot.
  private func faded(_ samples: [Float]) -> [Float] {
    samples.enumerated().map { $1 * min(1, Float($0) / 1000, Float(samples.count - $0) / 1000) }
  }

  @Test func aPeakIsFoundWhereverItIs() throws {
    for position in [0, 1, 5, 1018, 1019, 1023, 1024, 1029, 2990, 2998, 2999] {
      var samples = [Float](repeating: 0, count: 3000)
      samples[position] = -0.75
      let measured = try measure(Signal(left: [Float](repeating: 0.001, count: 3000), right: samples))
      #expect(measured.samplePeak == 0.75)
      #expect(measured.truePeak == 0.75, "at \(position)")
    }
  }

  @Test func aPeakBetweenTheLastSamplesIsFound() throws {
    for count in [1021, 1022, 1024, 1030] {
      var samples = [Float](repeating: 0, count: count)
      samples[count - 2] = 0.5
      samples[count - 1] = 0.5
      let peak = try #require(try measure(Signal(left: samples, right: [])).truePeak)
      #expect(peak > 0.6, "\(count) samples: \(peak)")
    }
  }

  @Test func thePiecesDoNotMatter() throws {
    let signal = Signal.music(seconds: 2)
    let whole = try measure(signal, piece: .max / 2)
    for piece in [1, 333, 1024, 50_000] { #expect(try measure(signal, piece: piece) == whole, "pieces of \(piece)") }
  }

  @Test func silenceHasNoLoudness() throws {
    let silence = Signal(left: [Float](repeating: 0, count: 96000), right: [Float](repeating: 0, count: 96000))
    let measured = try measure(silence)
    #expect(measured == MeasuredLoudness(integrated: nil, samplePeak: 0, truePeak: 0))
    #expect(measured.replayGain == nil)
  }

  @Test func lessThanABlockHasAPeakButNoLoudness() throws {
    let short = Signal.tones([(-6, 0.399)])
    #expect(try measure(short).integrated == nil)
    #expect(try measure(short).samplePeak > 0.49)
    #expect(try measure(.tones([(-6, 0.4)])).integrated != nil)
    #expect(try measure(Signal(left: [], right: [])).integrated == nil)
  }

  @Test func withoutTruePeaksThereIsNone() throws {
    #expect(try measure(.tones([(-6, 1)]), truePeak: false).truePeak == nil)
  }

  @Test func whatIsNoNumberCountsAsSilenceAndPoisonsNothing() throws {
    var signal = Signal.music(seconds: 3)
    let clean = try measure(signal)
    for index in stride(from: 100, to: signal.count, by: 30_000) {
      signal.left[index] = .nan
      signal.right[index + 1] = -.nan
    }
    let measured = try measure(signal)
    #expect(abs(try #require(measured.integrated) - #require(clean.integrated)) < 0.1)
    #expect(measured.samplePeak == clean.samplePeak)
  }

  @Test func whatIsHugeIsCutOff() throws {
    for huge: Float in [.infinity, -Float.infinity, 1e38, -17] {
      var signal = Signal.music(seconds: 1)
      signal.right[20_000] = huge
      let measured = try measure(signal)
      #expect(measured.samplePeak == 16)
      #expect(try #require(measured.integrated) < 10)
      #expect(try #require(measured.truePeak) < 17)
    }
  }

  @Test func replayGainLeadsToMinus18() {
    #expect(MeasuredLoudness(integrated: -11.5, samplePeak: 1, truePeak: nil).replayGain == -6.5)
    #expect(MeasuredLoudness(integrated: -30, samplePeak: 1, truePeak: nil).replayGain == 12)
  }

  @Test(arguments: [(0, 2), (7999, 2), (192_001, 1), (.max, 2), (-1, 1), (44100, 0), (44100, 3), (44100, -1)])
  func whatCannotBeMeasuredIsRefused(rate: Int, channels: Int) throws {
    #expect(throws: LoudnessError.self) {
      _ = try LoudnessMeter(sampleRate: rate, channels: channels, measuresTruePeak: true).measured
    }
    #expect(throws: LoudnessError.self) {
      let normalization = try Normalization(of: measure(.tones([(-6, 1)])), to: -16)
      try Levelling(normalization, sampleRate: rate, channels: channels).finish { _, _ in }
    }
  }

  @Test(arguments: [8000, 11025, 22050, 48000, 96000])
  func everySampleRateIsMeasured(rate: Int) throws {
    let measured = try #require(try measure(.tones([(-23, 2)], rate: rate), truePeak: false).integrated)
    #expect(abs(measured + 23) < 0.1, "\(measured) LUFS")
  }
}
