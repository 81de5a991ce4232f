/// The place where the frames of one segment end and those of the next go on.
///
/// A frame's main data may begin in the frames before it, in the bit reservoir. Two encoders that heard the same audio have the
/// same frames' audio at a seam but not the same reservoirs. Where the earlier encoder's is at least as long as the later one's,
/// the bytes that the later one's frame expects there fit: they belong to no frame that is kept before, since the first of the
/// earlier encoder's frames that would use them is dropped. No header changes, so CBR stays CBR.
struct Seam: Sendable, Hashable {
  /// The first frame of the earlier segment that is dropped.
  let earlier: Int
  /// The first frame of the later segment that is kept: the same moment of the stream.
  let later: Int

  /// The first place at which `next` can go on, at least `minimum` frames after its start, or nil.
  init?(between segment: EncodedSegment, and next: EncodedSegment, minimum: Int) {
    let shift = next.firstFrame - segment.firstFrame
    let last = min(next.frames.count, segment.frames.count - shift)
    guard
      let later = (minimum..<max(minimum, last)).first(where: { index in
        segment.frames[index + shift].reservoir >= next.frames[index].reservoir
      })
    else { return nil }
    self.later = later
    earlier = later + shift
  }
}

/// Puts the segments' frames together, in the order of time.
struct Stitching {
  private let earliestSeam: Int
  /// The segment whose end is not decided.
  private var open: EncodedSegment?
  /// The first frame of `open` that is kept.
  private var start = 0

  init(_ plan: SegmentPlan) {
    earliestSeam = plan.earliestSeam
  }

  /// What came of a segment that was offered.
  enum Joint {
    /// It is joined. These frames are ready to be written.
    case joined(Kept)
    /// No seam fits: what comes next has to begin with an empty reservoir at its own first frame, where a seam always fits.
    case noSeam
  }

  /// Joins the next segment to those before.
  mutating func join(_ next: EncodedSegment) -> Joint {
    guard var segment = open else {
      open = next
      return .joined(.nothing)
    }
    let minimum = max(earliestSeam, start + segment.firstFrame - next.firstFrame)
    guard let seam = Seam(between: segment, and: next, minimum: minimum) else { return .noSeam }
    let reservoir = next.mainData(next.frames[seam.later].reservoir, before: seam.later)
    segment.replaceMainData(before: seam.earlier, with: reservoir)
    let kept = Kept(segment: segment, frames: start..<seam.earlier)
    open = next
    start = seam.later
    return .joined(kept)
  }

  /// The frames that are left when no segment follows.
  consuming func finish() -> Kept {
    guard let open else { return .nothing }
    return Kept(segment: open, frames: start..<open.frames.count)
  }
}

/// Frames in a row that go into the MP3.
struct Kept: Sendable {
  let bytes: ArraySlice<UInt8>
  /// The length of each frame in bytes.
  let lengths: [Int]
}

extension Kept {
  static let nothing = Kept(bytes: [], lengths: [])

  fileprivate init(segment: EncodedSegment, frames: Range<Int>) {
    bytes = segment.bytes[segment.byteRange(of: frames)]
    lengths = segment.frames[frames].map { $0.end - $0.start }
  }
}
