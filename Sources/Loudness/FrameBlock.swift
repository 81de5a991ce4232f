/// Samples on their way into a measurement: cleaned, one of each channel in turn.
struct FrameBlock: Sendable {
  private var samples: [Float]
  private let channels: Int
  private var peakBits: Int32 = 0

  /// Samples per channel: few enough to stay in the processor's first cache.
  static let capacity = 1024

  init(channels: Int) {
    self.channels = channels
    samples = [Float](repeating: 0, count: Self.capacity * channels)
  }

  /// The loudest sample of all that went through.
  var peak: Float { Float(bitPattern: UInt32(bitPattern: peakBits)) }

  /// Passes the frames to `take`, as many at a time as there is room for; for one channel `right` is not looked at.
  mutating func pass(_ left: Span<Float>, _ right: Span<Float>, to take: (Span<Float>) -> Void) {
    precondition(channels == 1 || left.count == right.count, "both channels have the same number of samples")
    var offset = 0
    while offset < left.count {
      let range = offset..<offset + min(Self.capacity, left.count - offset)
      if channels == 1 {
        copy(left.extracting(range))
      } else {
        interleave(left.extracting(range), right.extracting(range))
      }
      take(samples.span.extracting(first: range.count * channels))
      offset = range.upperBound
    }
  }

  private mutating func copy(_ channel: Span<Float>) {
    var peak = peakBits
    var target = samples.mutableSpan
    precondition(channel.count <= target.count)
    for index in channel.indices {
      let sample = unsafe channel[unchecked: index].cleaned
      unsafe target[unchecked: index] = sample
      peak = max(peak, sample.magnitudeBits)
    }
    peakBits = peak
  }

  private mutating func interleave(_ left: Span<Float>, _ right: Span<Float>) {
    var peak = peakBits
    var target = samples.mutableSpan
    precondition(left.count == right.count && 2 * left.count <= target.count)
    for index in left.indices {
      let (first, second) = unsafe (left[unchecked: index].cleaned, right[unchecked: index].cleaned)
      unsafe target[unchecked: 2 * index] = first
      unsafe target[unchecked: 2 * index + 1] = second
      peak = max(peak, max(first.magnitudeBits, second.magnitudeBits))
    }
    peakBits = peak
  }
}
