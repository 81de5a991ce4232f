import Glibc

/// Finds how high the curve through samples goes between them, at four points for each sample.
///
/// The interpolation of ITU-R BS.1770-4, Annex 2: four times as many samples, by a low-pass of 49 taps, here a sinc under a
/// Hann window. One of the four points is the sample itself; each of the three others needs 12 samples.
struct TruePeakFilter: Sendable {
  /// The samples before a position, and after it, that its peak depends on.
  static let behind = 5, ahead = 6
  /// Positions are looked at this many at a time.
  static let groupSize = 16

  /// For the points a quarter, a half and three quarters after a sample: what each sample around counts, the latest first.
  private let quarter, half, threeQuarters: [Float]
  /// How many times as high as the loudest sample around the curve may be: the sum of the magnitudes of one point's weights.
  private let overshoot: Float

  init() {
    quarter = Self.weights(1)
    half = Self.weights(2)
    threeQuarters = Self.weights(3)
    let sums = [quarter, half, threeQuarters].map { $0.reduce(0) { $0 + abs($1) } }
    // The last digit is for the rounding of sums.
    overshoot = (sums.max() ?? 1) * 1.00001
  }

  private static func weights(_ phase: Int) -> [Float] {
    (0..<behind + 1 + ahead).map { tap in
      let index = Double(4 * tap + phase)
      let time = (index - 24) / 4
      let window = 0.5 - 0.5 * cos(2 * .pi * index / 48)
      return Float(sin(.pi * time) / (.pi * time) * window)
    }
  }

  /// Whether a peak in the group at `position` may be above `level`: a rough and quick answer, true where it is not known.
  func mayExceed(_ level: Float, in samples: Span<Float>, at position: Int) -> Bool {
    let around = samples.extracting(position - Self.behind..<position + Self.groupSize + Self.ahead)
    var loudest: Int32 = 0
    for index in around.indices { loudest = max(loudest, unsafe around[unchecked: index].magnitudeBits) }
    return Float(bitPattern: UInt32(bitPattern: loudest)) * overshoot > level
  }

  /// The highest point of the curve from each sample of the group at `position` up to the next.
  func peaks(in samples: Span<Float>, at position: Int) -> SIMD16<Float> {
    let (quarter, half, threeQuarters) = (quarter.span, half.span, threeQuarters.span)
    var (first, second, third) = (SIMD16<Float>(), SIMD16<Float>(), SIMD16<Float>())
    for tap in quarter.indices {
      let heard = samples.group(at: position + Self.ahead - tap)
      unsafe first += heard * quarter[unchecked: tap]
      unsafe second += heard * half[unchecked: tap]
      unsafe third += heard * threeQuarters[unchecked: tap]
    }
    return samples.group(at: position).magnitudes.higher(first.magnitudes).higher(second.magnitudes)
      .higher(third.magnitudes)
  }
}

extension Span<Float> {
  fileprivate func group(at index: Int) -> SIMD16<Float> {
    precondition(index >= 0 && index + TruePeakFilter.groupSize <= count)
    return unsafe bytes.unsafeLoadUnaligned(
      fromUncheckedByteOffset: index * MemoryLayout<Float>.stride, as: SIMD16<Float>.self)
  }
}

extension SIMD16<Float> {
  @inline(__always)
  fileprivate var magnitudes: Self { replacing(with: -self, where: self .< 0) }

  @inline(__always)
  func higher(_ other: Self) -> Self { replacing(with: other, where: other .> self) }
}
