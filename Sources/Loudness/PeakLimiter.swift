/// Holds true peaks down to a ceiling, in all channels alike, and leaves alone what is below.
///
/// It works through blocks of a fixed length, counted from the first sample, so that what comes out does not depend on the
/// pieces that come in.
struct PeakLimiter: Sendable {
  private let filter = TruePeakFilter()
  private let ceiling: Float
  private var envelope: GainEnvelope
  /// For each channel the samples that have not gone out, and after them the block that is being filled.
  private var lines: [[Float]]
  private var filled = 0
  private var gains = [Float](repeating: 1, count: blockLength)

  /// The samples by which what comes out is behind what went in.
  let delay: Int

  static let blockLength = 32 * TruePeakFilter.groupSize

  /// - Parameter ceiling: the highest true peak, 1.0 at full scale.
  init(ceiling: Float, sampleRate: Int, channels: Int) {
    self.ceiling = ceiling
    envelope = GainEnvelope(sampleRate: sampleRate)
    delay = envelope.delay + TruePeakFilter.ahead
    precondition(delay >= TruePeakFilter.behind + TruePeakFilter.ahead, "a line holds what a peak depends on")
    lines = [[Float]](repeating: [Float](repeating: 0, count: delay + Self.blockLength), count: channels)
  }

  /// How many samples of each channel are missing to a full block.
  var room: Int { Self.blockLength - filled }

  /// Takes samples of each channel, at most `room`, amplified.
  mutating func fill(_ left: Span<Float>, _ right: Span<Float>, gain: Float) {
    lines[0].amplify(left, by: gain, at: delay + filled)
    if lines.count == 2 { lines[1].amplify(right, by: gain, at: delay + filled) }
    filled += left.count
  }

  /// Fills the block with silence.
  mutating func fillWithSilence() {
    for channel in lines.indices {
      lines[channel].replaceSubrange((delay + filled)..., with: repeatElement(0, count: room))
    }
    filled = Self.blockLength
  }

  /// Limits the block that is full, and puts the samples that go out into `blocks`, one for each channel.
  mutating func limit(into blocks: inout [[Float]]) {
    let isTouched = findGains()
    for channel in lines.indices {
      blocks[channel].replaceSubrange(..<Self.blockLength, with: lines[channel][..<Self.blockLength])
      if isTouched { blocks[channel].multiply(by: gains.span) }
      lines[channel].replaceSubrange(..<delay, with: lines[channel][Self.blockLength...])
    }
    filled = 0
  }

  /// Finds the gain of each sample that goes out; false where all are 1.
  private mutating func findGains() -> Bool {
    let isBearable = findBearableGains()
    if isBearable && envelope.isAtRest { return false }
    for index in gains.indices { gains[index] = envelope.next(gains[index]) }
    return true
  }

  /// Puts into `gains` what each sample bears whose peak the full block has made known; true where all are 1.
  private mutating func findBearableGains() -> Bool {
    var isBearable = true
    for start in stride(from: 0, to: Self.blockLength, by: TruePeakFilter.groupSize) {
      let peaks = peaks(at: delay - TruePeakFilter.ahead + start)
      for lane in 0..<TruePeakFilter.groupSize {
        gains[start + lane] = peaks[lane] > ceiling ? ceiling / peaks[lane] : 1
      }
      isBearable = isBearable && peaks.max() <= ceiling
    }
    return isBearable
  }

  /// The peaks of the group at `position`, of all channels; no higher than the ceiling where they are none.
  private func peaks(at position: Int) -> SIMD16<Float> {
    var peaks = SIMD16<Float>()
    for line in lines where filter.mayExceed(ceiling, in: line.span, at: position) {
      peaks = peaks.higher(filter.peaks(in: line.span, at: position))
    }
    return peaks
  }
}

extension [Float] {
  /// Writes `samples`, cleaned and amplified, from `start` on.
  mutating func amplify(_ samples: Span<Float>, by gain: Float, at start: Int) {
    var target = mutableSpan
    precondition(start + samples.count <= target.count)
    for index in samples.indices {
      unsafe target[unchecked: start + index] = samples[unchecked: index].cleaned * gain
    }
  }

  fileprivate mutating func multiply(by gains: Span<Float>) {
    var target = mutableSpan
    precondition(gains.count <= target.count)
    for index in gains.indices { unsafe target[unchecked: index] *= gains[unchecked: index] }
  }
}
