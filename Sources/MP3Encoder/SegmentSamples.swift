/// PCM of one segment, clean enough for LAME.
struct SegmentSamples: Sendable {
  private(set) var left: [Float] = []
  /// Empty for mono.
  private(set) var right: [Float] = []
  let channels: Int

  init(channels: Int) {
    self.channels = channels
  }

  /// Samples per channel.
  var count: Int { left.count }

  /// Appends the last `count` samples of the segment before.
  mutating func append(tailOf earlier: SegmentSamples, _ count: Int) {
    left.append(contentsOf: earlier.left.suffix(count))
    right.append(contentsOf: earlier.right.suffix(count))
  }

  /// The first `count` samples.
  func prefix(_ count: Int) -> SegmentSamples {
    var samples = self
    samples.left.removeLast(left.count - count)
    if channels == 2 { samples.right.removeLast(right.count - count) }
    return samples
  }

  mutating func reserveCapacity(_ count: Int) {
    left.reserveCapacity(count)
    if channels == 2 { right.reserveCapacity(count) }
  }

  /// Appends what lies in `range` of both spans, cleaned; for mono `right` is not looked at.
  mutating func append(_ left: Span<Float>, _ right: Span<Float>, _ range: Range<Int>) {
    self.left.append(cleaned: left.extracting(range))
    if channels == 2 { self.right.append(cleaned: right.extracting(range)) }
  }
}

extension [Float] {
  /// The loudest sample that LAME gets: 24 dB over full scale.
  ///
  /// NaN, infinities and huge samples fail assertions of libmp3lame, which end the process. With noise, squares, sines,
  /// impulses and bursts, VBR, CBR and ABR, the first did so at 10,000 times full scale, and none at 256 times.
  static let loudestSample: Float = 16

  /// Appends `samples`: NaN as silence, what is louder than `loudestSample` cut off there.
  fileprivate mutating func append(cleaned samples: Span<Float>) {
    let start = count
    unsafe samples.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
    var target = mutableSpan
    for index in start..<target.count {
      let sample = unsafe target[unchecked: index]
      let low = sample > -Self.loudestSample ? sample : -Self.loudestSample
      let clamped = low < Self.loudestSample ? low : Self.loudestSample
      unsafe target[unchecked: index] = sample == sample ? clamped : 0
    }
  }
}
