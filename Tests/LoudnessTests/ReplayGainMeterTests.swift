import Testing

@testable import Loudness

@Suite struct ReplayGainMeterTests {
  private func measure(_ signal: Signal, piece: Int = 4000) throws -> MeasuredLoudness {
    var meter = try ReplayGainMeter(sampleRate: signal.rate, channels: signal.channels)
    signal.forEachPiece(of: piece) { meter.add($0, $1) }
    return meter.measured
  }

  static let signals: [(String, Signal)] =
    [8000, 11025, 16000, 22050, 44100, 48000].map { ("music at \($0)", .music(rate: $0, seconds: 3)) } + [
      ("quiet mono", .music(rate: 22050, channels: 1, seconds: 3, level: 0.01)),
      ("clipped", .music(rate: 48000, seconds: 2, level: 3)),
      ("speech", .speech(rate: 16000, seconds: 9)),
      ("speech in mono", Signal(left: Signal.speech(seconds: 5).left, right: [], rate: 24000)),
      ("a constant under quiet music", .music(rate: 8000, seconds: 3, level: 0.001).raised(by: 0.9)),
    ]

  @Test(arguments: signals.indices)
  func itAgreesWithTheLibrary(number: Int) throws {
    let (name, signal) = Self.signals[number]
    var library = try LoudnessMeter(sampleRate: signal.rate, channels: signal.channels, measuresTruePeak: false)
    signal.forEachPiece(of: 4000) { library.add($0, $1) }
    let (ours, theirs) = (try measure(signal), library.measured)
    let (loudness, expected) = (try #require(ours.integrated), try #require(theirs.integrated))
    #expect(abs(loudness - expected) <= 0.05, "\(name): \(loudness) and \(expected) LUFS")
    #expect(ours.samplePeak == theirs.samplePeak)
    #expect(ours.truePeak == nil)
  }

  /// At a low sample rate, since it takes long enough.
  @Test(arguments: Signal.tech3341)
  func theSignalsOfTech3341AreAsLoudAsItSays(parts: [(Double, Double)], loudness: Double) throws {
    let signal = Signal.tones(parts.map { (level: $0.0, seconds: $0.1) }, rate: 8000)
    let measured = try #require(try measure(signal).integrated)
    #expect(abs(measured - loudness) <= 0.1, "\(measured) LUFS")
  }

  /// At 48 kHz the standard prints them.
  @Test func theFiltersAreThoseOfBS1770() {
    let shelf = Biquad.shelf(sampleRate: 48000)
    let printed = [1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585]
    for (ours, theirs) in zip([shelf.b0, shelf.b1, shelf.b2, shelf.a1, shelf.a2], printed) {
      #expect(abs(ours - theirs) < 1e-13)
    }
    let highPass = Biquad.highPass(sampleRate: 48000)
    #expect([highPass.b0, highPass.b1, highPass.b2] == [1, -2, 1])
    #expect(abs(highPass.a1 + 1.99004745483398) < 1e-13)
    #expect(abs(highPass.a2 - 0.99007225036621) < 1e-13)
  }

  @Test func thePiecesDoNotMatter() throws {
    let signal = Signal.music(rate: 11025, seconds: 2)
    let whole = try measure(signal, piece: .max / 2)
    for piece in [1, 333, 1024, 5000] { #expect(try measure(signal, piece: piece) == whole, "pieces of \(piece)") }
  }

  @Test func silenceHasNoLoudness() throws {
    let silence = [Float](repeating: 0, count: 8000)
    #expect(
      try measure(Signal(left: silence, right: silence, rate: 8000))
        == MeasuredLoudness(integrated: nil, samplePeak: 0, truePeak: nil))
    #expect(try measure(.tones([(-75, 1)], rate: 8000)).integrated == nil)
  }

  @Test func lessThanABlockHasAPeakButNoLoudness() throws {
    let short = try measure(.tones([(-6, 0.3999)], rate: 8000))
    #expect(short.integrated == nil)
    #expect(short.samplePeak > 0.49)
    #expect(try measure(.tones([(-6, 0.4)], rate: 8000)).integrated != nil)
    #expect(try measure(Signal(left: [], right: [])).integrated == nil)
  }

  /// Else each sample of the silence would cost a hundred times as much, in numbers that are too small.
  @Test(arguments: [8000, 44100])
  func silenceAfterSoundBringsTheFiltersToRest(rate: Int) {
    var weighting = KWeighting(sampleRate: rate)
    let sound = [Float](repeating: 16, count: rate / 5)
    let silence = [Float](repeating: 0, count: rate / 5)
    weighting.add(sound.span)
    #expect(weighting.takeEnergy() > 0)
    for _ in 0..<5 {
      weighting.add(silence.span)
      _ = weighting.takeEnergy()
      let numbers = [weighting.memory.shelf1, weighting.memory.shelf2, weighting.memory.pass1, weighting.memory.pass2]
      for pair in numbers { #expect(!pair.x.isSubnormal && !pair.y.isSubnormal) }
    }
    #expect(weighting.memory == KWeighting.Memory())
  }

  @Test func whatIsNoNumberOrHugePoisonsNothing() throws {
    var signal = Signal.music(rate: 8000, seconds: 3)
    let clean = try #require(try measure(signal).integrated)
    for index in stride(from: 100, to: signal.count, by: 6000) { signal.left[index] = .nan }
    #expect(abs(try #require(try measure(signal).integrated) - clean) < 0.1)
    for huge: Float in [.infinity, -.infinity, 1e38] {
      signal.right[7000] = huge
      let measured = try measure(signal)
      #expect(measured.samplePeak == 16)
      #expect(try #require(measured.integrated) < 10)
    }
  }

  @Test func theLoudestOfAllHasItsPlaceInTheHistogram() throws {
    let samples = (0..<8000).map { Float($0 % 2 == 0 ? 16 : -16) }
    let measured = try #require(try measure(Signal(left: samples, right: samples, rate: 8000)).integrated)
    #expect((29...32).contains(measured), "\(measured) LUFS")
  }

  @Test func blocksTenUnitsBelowTheMeanDoNotCount() throws {
    var gate = BlockGate()
    #expect(gate.energy == nil)
    gate.add(1e-9)
    #expect(gate.energy == nil)
    gate.add(1)
    gate.add(0.04)
    #expect(gate.energy == 1)
    // Now the gate is lower, and both quiet blocks are above it.
    gate.add(0.06)
    #expect(abs(try #require(gate.energy) - 1.1 / 3) < 1e-12)
  }

  @Test(arguments: [(0, 2), (7999, 2), (192_001, 1), (.max, 2), (-1, 1), (44100, 0), (44100, 3), (44100, -1)])
  func whatCannotBeMeasuredIsRefused(rate: Int, channels: Int) {
    #expect(throws: LoudnessError.self) { _ = try ReplayGainMeter(sampleRate: rate, channels: channels).measured }
  }
}

extension Signal {
  fileprivate func raised(by constant: Float) -> Signal {
    Signal(left: left.map { $0 + constant }, right: right.map { $0 + constant }, rate: rate)
  }
}
