/// The true peak of one channel, while it passes.
struct RunningTruePeak: Sendable {
  private let filter = TruePeakFilter()
  /// The last samples of the block before, and the block that is being filled.
  private var line = [Float](repeating: 0, count: history + blockLength)
  private var filled = 0
  /// The highest point so far, but for the last samples.
  private var peak: Float = 0

  private static let history = TruePeakFilter.behind + TruePeakFilter.ahead
  private static let blockLength = 64 * TruePeakFilter.groupSize

  mutating func add(_ samples: Span<Float>) {
    var offset = 0
    while offset < samples.count {
      let count = min(Self.blockLength - filled, samples.count - offset)
      fill(samples.extracting(offset..<offset + count))
      offset += count
      if filled == Self.blockLength { scan() }
    }
  }

  /// The highest point, the last samples included, with silence after them.
  var peakToTheEnd: Float {
    var ending = self
    let silence = [Float](repeating: 0, count: Self.blockLength)
    ending.add(silence.span)
    ending.add(silence.span)
    return ending.peak
  }

  private mutating func fill(_ samples: Span<Float>) {
    let start = Self.history + filled
    var target = line.mutableSpan
    for index in samples.indices { target[start + index] = unsafe samples[unchecked: index].cleaned }
    filled += samples.count
  }

  private mutating func scan() {
    peak = peakWithBlock()
    line.replaceSubrange(..<Self.history, with: line.suffix(Self.history))
    filled = 0
  }

  /// Looks only where there may be something higher than all before.
  private func peakWithBlock() -> Float {
    let samples = line.span
    let first = TruePeakFilter.behind
    var peak = peak
    for position in stride(from: first, to: first + Self.blockLength, by: TruePeakFilter.groupSize)
    where filter.mayExceed(peak, in: samples, at: position) {
      peak = max(peak, filter.peaks(in: samples, at: position).max())
    }
    return peak
  }
}
