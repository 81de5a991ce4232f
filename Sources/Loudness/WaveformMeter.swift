/// Finds how high the samples of a recording go along its time, for a picture of it, in memory that does not depend on the
/// length.
///
/// The length is known only at the end. So there is a part for each sample at first, and whenever all places are taken two
/// neighbours become one, and parts are twice as long from then on.
public struct WaveformMeter: Sendable {
  private let channels: Int
  /// The highest sample of each part, as `magnitudeBits`.
  private var parts: [Int32] = []
  /// In samples per channel.
  private var partLength = 1
  /// How many samples the last part still lacks.
  private var room = 0

  /// How many peaks a picture has at most.
  public static let peakCount = 400
  private static let mostParts = 2 * peakCount

  /// - Parameter channels: 1 or 2.
  public init(channels: Int) {
    self.channels = channels
    parts.reserveCapacity(Self.mostParts)
  }

  /// Takes PCM, full scale ±1.0: as many samples in `left` as in `right`, or anything in `right` for mono.
  ///
  /// NaN counts as silence.
  public mutating func add(_ left: Span<Float>, _ right: Span<Float>) {
    precondition(channels == 1 || left.count == right.count, "both channels have the same number of samples")
    var offset = 0
    while offset < left.count {
      if room == 0 { beginPart() }
      let range = offset..<min(left.count, offset + room)
      var peak = left.extracting(range).peakBits
      if channels == 2 { peak = max(peak, right.extracting(range).peakBits) }
      parts[parts.count - 1] = max(parts[parts.count - 1], peak)
      room -= range.count
      offset = range.upperBound
    }
  }

  /// The highest sample of all channels in each of 400 equal parts of the time, from 0 to 255 for full scale and above; of
  /// what has fewer samples, each one.
  ///
  /// Where such a part begins and ends is known to a part of 400 to 800: a peak at the border of two counts for both.
  public var peaks: [UInt8] {
    let samples = parts.count * partLength - room
    let count = min(Self.peakCount, samples)
    return (0..<count).map { index in
      let first = samples * index / count / partLength
      let last = (samples * (index + 1) / count - 1) / partLength
      return Self.level(parts[first...last].max() ?? 0)
    }
  }

  private mutating func beginPart() {
    if parts.count == Self.mostParts {
      parts = stride(from: 0, to: parts.count, by: 2).map { max(parts[$0], parts[$0 + 1]) }
      partLength *= 2
    }
    parts.append(0)
    room = partLength
  }

  private static func level(_ bits: Int32) -> UInt8 {
    UInt8(min(255, (Float(bitPattern: UInt32(bitPattern: bits)) * 255).rounded()))
  }
}

extension Span<Float> {
  /// The magnitude of the highest sample, as `magnitudeBits`; 0 for NaN, whose bits are above those of infinity.
  fileprivate var peakBits: Int32 {
    let infinity = Float.infinity.magnitudeBits
    var peak: Int32 = 0
    for index in indices {
      let bits = unsafe self[unchecked: index].magnitudeBits
      peak = Swift.max(peak, bits > infinity ? 0 : bits)
    }
    return peak
  }
}
