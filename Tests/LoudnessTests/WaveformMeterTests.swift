import Testing

@testable import Loudness

@Suite struct WaveformMeterTests {
  private func peaks(_ signal: Signal, piece: Int = 4000) -> [UInt8] {
    var meter = WaveformMeter(channels: signal.channels)
    signal.forEachPiece(of: piece) { meter.add($0, $1) }
    return meter.peaks
  }

  /// As many samples as there are levels, each so often.
  private func steps(_ levels: [Float], each count: Int) -> Signal {
    let samples = levels.flatMap { [Float](repeating: $0, count: count) }
    return Signal(left: samples, right: [])
  }

  @Test(arguments: [1, 2, 3, 64, 1000, 11_025])
  func eachPeakIsThatOfAFourHundredthOfTheTime(length: Int) {
    // Only every other one sounds, and a border may be off by a part of 400.
    let levels = (0..<400).map { $0.isMultiple(of: 40) ? Float(1) : 0 }
    let found = peaks(steps(levels, each: length))
    #expect(found.count == 400)
    for index in found.indices {
      let isNear = min(index % 40, 40 - index % 40) <= 1
      if index.isMultiple(of: 40) { #expect(found[index] == 255, "\(index)") }
      if !isNear { #expect(found[index] == 0, "\(index)") }
    }
  }

  @Test func noPeakIsLost() {
    for length in [1, 399, 400, 401, 799, 800, 801, 1601, 48_000, 1_234_567] {
      for place in [0, length / 3, length - 1] {
        var samples = [Float](repeating: 0.1, count: length)
        samples[place] = -0.8
        let found = peaks(Signal(left: samples, right: []))
        #expect(found.count == min(400, length))
        #expect(found.max() == 204, "sample \(place) of \(length)")
        let index = place * found.count / length
        #expect(found[max(0, index - 1)...min(found.count - 1, index + 1)].contains(204))
      }
    }
  }

  @Test func whatIsShorterHasAPeakForEachSample() {
    #expect(peaks(Signal(left: [0, 0.5, -1], right: [])) == [0, 128, 255])
    #expect(peaks(Signal(left: [], right: [])) == [])
  }

  @Test func theLouderChannelCounts() {
    #expect(peaks(Signal(left: [0.2, -0.4], right: [-0.6, 0.1])) == [153, 102])
  }

  @Test func whatIsOverFullScaleIsFullScaleAndWhatIsNoNumberIsSilence() {
    #expect(peaks(Signal(left: [3, -.infinity, .nan, -.nan], right: [])) == [255, 255, 0, 0])
  }

  @Test func thePiecesDoNotMatter() {
    let signal = Signal.music(rate: 11025, seconds: 5)
    let whole = peaks(signal, piece: .max / 2)
    for piece in [1, 333, 1024, 5000] { #expect(peaks(signal, piece: piece) == whole, "pieces of \(piece)") }
  }
}
