import Glibc

/// Weighs two channels as the ear does, ITU-R BS.1770-4, Annex 1: what a head adds to high tones, and a high-pass.
///
/// The filters go from sample to sample, each waiting for its last result; both channels go through them side by side.
struct KWeighting: Sendable {
  /// What the filters keep of the frames before: for each of them its last two values in direct form II, of both channels.
  struct Memory: Sendable, Hashable {
    fileprivate(set) var shelf1 = SIMD2<Double>(), shelf2 = SIMD2<Double>()
    fileprivate(set) var pass1 = SIMD2<Double>(), pass2 = SIMD2<Double>()
  }

  /// The factors of the shelf, those before the sample divided by the first of them, and of the high-pass: for each channel.
  private let a1, a2, b1, b2, c1, c2: Double
  /// What the squares lack for that.
  private let gain: Double
  private(set) var memory = Memory()
  /// The squares of both channels' samples, summed up since `takeEnergy`.
  private var squares = SIMD2<Double>()

  init(sampleRate: Int) {
    let shelf = Biquad.shelf(sampleRate: Double(sampleRate))
    let highPass = Biquad.highPass(sampleRate: Double(sampleRate))
    (a1, a2, b1, b2) = (shelf.a1, shelf.a2, shelf.b1 / shelf.b0, shelf.b2 / shelf.b0)
    (c1, c2) = (highPass.a1, highPass.a2)
    gain = shelf.b0 * shelf.b0
  }

  /// Adds frames of two samples.
  ///
  /// How fast it is hangs on how it is written: where the compiler takes lanes apart, it is half as fast.
  mutating func add(_ frames: Span<Float>) {
    precondition(frames.count.isMultiple(of: 2))
    let (a1, a2) = (SIMD2(repeating: a1), SIMD2(repeating: a2))
    let (b1, b2) = (SIMD2(repeating: b1), SIMD2(repeating: b2))
    let (c1, c2) = (SIMD2(repeating: c1), SIMD2(repeating: c2))
    var (shelf1, shelf2, pass1, pass2) = (memory.shelf1, memory.shelf2, memory.pass1, memory.pass2)
    var squares = squares
    var index = 0
    while index < frames.count {
      let pair = unsafe frames.bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: index &* 4, as: SIMD2<Float>.self)
      let frame = SIMD2(Double(pair.x), Double(pair.y))
      // What waits for the sample before comes last.
      let raised = (frame - a2 * shelf2) - a1 * shelf1
      let shelved = (raised + b1 * shelf1) + b2 * shelf2
      shelf2 = shelf1
      shelf1 = raised
      let passing = (shelved - c2 * pass2) - c1 * pass1
      // The high-pass has the numerator 1, -2, 1: a difference of differences.
      let weighted = (passing - pass1) - (pass1 - pass2)
      pass2 = pass1
      pass1 = passing
      squares += weighted * weighted
      index &+= 2
    }
    memory = Memory(shelf1: shelf1, shelf2: shelf2, pass1: pass1, pass2: pass2)
    self.squares = squares
  }

  /// The sum of the squares of all weighted samples, of both channels, since this was asked last.
  ///
  /// Forgets what is too little to be heard of again, or else silence would end in numbers so small that processors take a
  /// hundred times as long for them: the high-pass needs 3 s to get there, the shelf 95 ms. It has to be asked about that often.
  mutating func takeEnergy() -> Double {
    let energy = squares.sum() * gain
    squares = SIMD2()
    memory.forgetTraces()
    return energy
  }
}

extension KWeighting.Memory {
  /// Far below the square root of all that counts, and far above the smallest numbers.
  private static let trace = 1e-30

  fileprivate mutating func forgetTraces() {
    shelf1 = Self.withoutTraces(shelf1)
    shelf2 = Self.withoutTraces(shelf2)
    pass1 = Self.withoutTraces(pass1)
    pass2 = Self.withoutTraces(pass2)
  }

  private static func withoutTraces(_ values: SIMD2<Double>) -> SIMD2<Double> {
    values.replacing(with: 0, where: (values * values) .< trace * trace)
  }
}

/// A filter of the second order: y = b0·x + b1·x′ + b2·x″ - a1·y′ - a2·y″.
struct Biquad: Sendable, Hashable {
  let b0, b1, b2, a1, a2: Double
}

extension Biquad {
  /// The filter of BS.1770-4, Table 1, there for 48 kHz only.
  ///
  /// The numbers are those of the analogue filter behind the table, whose bilinear transform at 48 kHz gives it:
  /// ebur128_init_filter in libebur128's ebur128.c, and in ffmpeg's f_ebur128.c.
  static func shelf(sampleRate: Double) -> Biquad {
    let (k, q) = (tan(.pi * 1681.974450955533 / sampleRate), 0.7071752369554196)
    let high = pow(10, 3.999843853973347 / 20)
    let band = pow(high, 0.4996667741545416)
    let a0 = 1 + k / q + k * k
    return Biquad(
      b0: (high + band * k / q + k * k) / a0, b1: 2 * (k * k - high) / a0, b2: (high - band * k / q + k * k) / a0,
      a1: 2 * (k * k - 1) / a0, a2: (1 - k / q + k * k) / a0)
  }

  /// The filter of BS.1770-4, Table 2, made from the same source; its numerator is the same at all sample rates.
  static func highPass(sampleRate: Double) -> Biquad {
    let (k, q) = (tan(.pi * 38.13547087602444 / sampleRate), 0.5003270373238773)
    let a0 = 1 + k / q + k * k
    return Biquad(b0: 1, b1: -2, b2: 1, a1: 2 * (k * k - 1) / a0, a2: (1 - k / q + k * k) / a0)
  }
}
