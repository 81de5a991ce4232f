import Glibc

/// Makes audio as loud as a `Normalization` says, while it passes.
///
/// As many samples come out as went in, each at its place in time, and they don't depend on the pieces in which they went in.
/// Without a limiter each sample is multiplied by the gain, and that is all. A limiter looks 5 ms ahead for true peaks over the
/// ceiling, turns the level of all channels down in time, and up again within some 100 ms; for as long it holds samples back.
public struct Levelling: ~Copyable {
  private let gain: Float
  private let channels: Int
  private var limiter: PeakLimiter?
  /// What goes out next, left and right.
  private var blocks: [[Float]]
  /// The samples per channel that came in, and those that the limiter has given, the silence before the first among them.
  private var taken = 0
  private var given = 0

  /// Starts to level 1 or 2 channels.
  ///
  /// - Throws: where `sampleRate` is not from 8000 to 192000, or `channels` is neither 1 nor 2.
  public init(_ normalization: Normalization, sampleRate: Int, channels: Int) throws(LoudnessError) {
    try LoudnessError.check(sampleRate: sampleRate, channels: channels)
    gain = Float(pow(10, normalization.gain / 20))
    self.channels = channels
    let ceiling = Float(pow(10, Normalization.ceiling / 20))
    if normalization.needsLimiter {
      limiter = PeakLimiter(ceiling: ceiling, sampleRate: sampleRate, channels: channels)
    }
    blocks = [[Float]](repeating: [Float](repeating: 0, count: PeakLimiter.blockLength), count: 2)
  }

  /// Takes PCM, full scale ±1.0, as many samples in `left` as in `right`, or anything in `right` for mono; gives what is ready
  /// to `body`, in blocks of both channels, the second one empty for mono.
  ///
  /// NaN counts as silence, and what is louder than 24 dB over full scale as that loud.
  ///
  /// - Throws: what `body` throws. Afterwards only dropping makes sense.
  public mutating func process<Failure: Error>(
    _ left: Span<Float>, _ right: Span<Float>, _ body: (Span<Float>, Span<Float>) throws(Failure) -> Void
  ) throws(Failure) {
    precondition(channels == 1 || left.count == right.count, "both channels have the same number of samples")
    var offset = 0
    while offset < left.count {
      let end = offset + min(limiter?.room ?? PeakLimiter.blockLength, left.count - offset)
      let part = left.extracting(offset..<end)
      try level(part, channels == 1 ? part : right.extracting(offset..<end), body)
      offset = end
    }
  }

  /// Gives what was held back to `body`.
  ///
  /// - Throws: what `body` throws.
  public consuming func finish<Failure: Error>(
    _ body: (Span<Float>, Span<Float>) throws(Failure) -> Void
  ) throws(Failure) {
    guard let delay = limiter?.delay else { return }
    while given < taken + delay {
      limiter?.fillWithSilence()
      try giveLimited(body)
    }
  }

  private mutating func level<Failure: Error>(
    _ left: Span<Float>, _ right: Span<Float>, _ body: (Span<Float>, Span<Float>) throws(Failure) -> Void
  ) throws(Failure) {
    taken += left.count
    guard limiter != nil else {
      blocks[0].amplify(left, by: gain, at: 0)
      if channels == 2 { blocks[1].amplify(right, by: gain, at: 0) }
      return try give(0..<left.count, body)
    }
    limiter?.fill(left, right, gain: gain)
    if limiter?.room == 0 { try giveLimited(body) }
  }

  /// Gives a block of the limiter's, without the silence before the first sample and after the last.
  private mutating func giveLimited<Failure: Error>(
    _ body: (Span<Float>, Span<Float>) throws(Failure) -> Void
  ) throws(Failure) {
    guard let delay = limiter?.delay else { return }
    limiter?.limit(into: &blocks)
    let start = max(0, delay - given)
    let end = min(PeakLimiter.blockLength, taken + delay - given)
    given += PeakLimiter.blockLength
    if start < end { try give(start..<end, body) }
  }

  private func give<Failure: Error>(
    _ range: Range<Int>, _ body: (Span<Float>, Span<Float>) throws(Failure) -> Void
  ) throws(Failure) {
    let (left, right) = (blocks[0], blocks[1])
    try body(left.span.extracting(range), right.span.extracting(channels == 1 ? 0..<0 : range))
  }
}
