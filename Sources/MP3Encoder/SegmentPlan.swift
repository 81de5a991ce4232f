import WireFormats

/// How a stream is cut into segments that can be encoded side by side.
///
/// Segment k is to give the frames k·S ..< (k+1)·S. Its encoder hears more: P frames of audio before them, so that its filters,
/// its psychoacoustics and its bit reservoir have settled, and T frames after them, so that it overlaps with the next segment,
/// in which the seam is sought. All of this is fixed numbers: the MP3 does not depend on the number of threads.
struct SegmentPlan: Sendable, Hashable {
  /// S.
  let framesPerSegment: Int
  /// P.
  let priming = 24
  /// T.
  let trailing: Int
  /// The first frame of a later segment that may be kept. Less than P, so that a seam at the segment's own first frame counts.
  let earliestSeam: Int
  /// Samples per channel in a frame.
  let samplesPerFrame: Int
  /// The frames of a bridge, priming not counted: a short one is tried first, then a long one.
  let bridges = [64, 256]

  /// The plan for `settings`. Its numbers differ from the defaults only in tests.
  init(_ settings: EncoderSettings, framesPerSegment: Int = 1024, trailing: Int = 8, earliestSeam: Int? = nil) {
    self.framesPerSegment = framesPerSegment
    self.trailing = trailing
    self.earliestSeam = earliestSeam ?? settings.mode.settlingFrames
    samplesPerFrame = settings.version.samplesPerFrame
  }

  /// The frame of the stream that the encoder of `segment` starts with.
  func firstFrame(of segment: Int) -> Int { max(0, segment * framesPerSegment - priming) }

  /// The samples per channel that the encoder of `segment` gets, unless the stream ends before.
  func sampleCount(of segment: Int) -> Int {
    ((segment + 1) * framesPerSegment + trailing - firstFrame(of: segment)) * samplesPerFrame
  }

  /// The samples per channel at the end of a segment with which the next one starts.
  var sharedSamples: Int { (priming + trailing) * samplesPerFrame }
}

/// Cuts PCM into the segments of a plan as it comes.
struct SegmentCutter {
  private let plan: SegmentPlan
  /// The number of the segment that is being filled.
  private(set) var segment = 0
  private(set) var samples: SegmentSamples
  /// The samples per channel that came in so far.
  private(set) var sampleCount = 0

  init(_ plan: SegmentPlan, channels: Int) {
    self.plan = plan
    samples = SegmentSamples(channels: channels)
  }

  /// Takes samples from `offset` on, until all are taken or a segment is full, which it then returns.
  mutating func take(_ left: Span<Float>, _ right: Span<Float>, from offset: inout Int) -> SegmentSamples? {
    let count = min(left.count - offset, plan.sampleCount(of: segment) - samples.count)
    samples.append(left, right, offset..<offset + count)
    offset += count
    sampleCount += count
    return samples.count == plan.sampleCount(of: segment) ? startNext() : nil
  }

  private mutating func startNext() -> SegmentSamples {
    let full = samples
    segment += 1
    samples = SegmentSamples(channels: full.channels)
    samples.reserveCapacity(plan.sampleCount(of: segment))
    samples.append(tailOf: full, plan.sharedSamples)
    return full
  }
}

extension BitrateMode {
  /// The frames after which an encoder sounds as if it had heard all before: the reservoirs of CBR and ABR settle more slowly.
  fileprivate var settlingFrames: Int {
    switch self {
    case .variable: 8
    case .constant, .average: 16
    }
  }
}
