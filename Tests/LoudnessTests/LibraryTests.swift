import CEBUR128
import Testing

@testable import Loudness

/// What libebur128 says when it is asked the slow way.
@Suite struct LibraryTests {
  static let signals: [Signal] = [
    .music(seconds: 5), .music(rate: 8000, seconds: 5, level: 2), .speech(seconds: 5), .noise(count: 30_000),
    .clicks(count: 30_000),
  ]

  /// The library takes some 30 times as long for it as we do.
  @Test(arguments: signals.indices)
  func theTruePeakIsTheLibrarys(number: Int) throws {
    let signal = Self.signals[number]
    let theirs = decibels(Float(library(signal, EBUR128_MODE_TRUE_PEAK).truePeak))
    let ours = decibels(try #require(try measure(signal).truePeak))
    #expect(abs(ours - theirs) < 0.01, "\(ours) and \(theirs) dBTP")
  }

  @Test(arguments: [0, 1, 2])
  func theHistogramCostsLittle(number: Int) throws {
    let signal = Self.signals[number]
    let exact = library(signal, EBUR128_MODE_I).loudness
    let ours = try #require(try measure(signal).integrated)
    #expect(abs(ours - exact) <= 0.06, "\(ours) and \(exact) LUFS")
  }

  private func library(_ signal: Signal, _ extra: mode) -> (loudness: Double, truePeak: Double) {
    let mode = Int32(EBUR128_MODE_I.rawValue | extra.rawValue)
    var state = unsafe ebur128_init(UInt32(2), UInt(signal.rate), mode)
    defer { unsafe ebur128_destroy(&state) }
    let frames = signal.left.indices.flatMap { [signal.left[$0], signal.right[$0]] }
    unsafe ebur128_add_frames_float(state, frames, signal.count)
    var (loudness, left, right) = (0.0, 0.0, 0.0)
    unsafe ebur128_loudness_global(state, &loudness)
    unsafe ebur128_true_peak(state, 0, &left)
    unsafe ebur128_true_peak(state, 1, &right)
    return (loudness, max(left, right))
  }
}
