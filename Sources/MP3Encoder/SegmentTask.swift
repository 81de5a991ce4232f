import WireFormats

/// The work of encoding one segment.
struct SegmentTask: Sendable {
  /// The segment's number, from 0.
  let number: Int
  let samples: SegmentSamples
  let settings: EncoderSettings
  let plan: SegmentPlan
  /// Whether the stream ends with it.
  let isLast: Bool
  /// Whether the reservoir is emptied where the segment's own frames begin, so that a seam fits there whatever comes before.
  var startsAfresh = false

  /// The same with an empty reservoir where the segment's own frames begin.
  var startingAfresh: SegmentTask {
    var task = self
    task.startsAfresh = true
    return task
  }

  /// The same for no more than the first `frames` of the segment's own frames, with an empty reservoir where these begin; nil
  /// where the segment is no longer than that.
  func bridge(frames: Int) -> SegmentTask? {
    let count = (plan.priming + frames) * plan.samplesPerFrame
    guard number > 0, count < samples.count else { return nil }
    return SegmentTask(
      number: number, samples: samples.prefix(count), settings: settings, plan: plan, isLast: false, startsAfresh: true)
  }

  /// Encodes the segment; nil where `isCancelled` said so on the way.
  func run(isCancelled: () -> Bool) throws(EncoderError) -> EncodedSegment? {
    var lame = try LAME(settings)
    var bytes: [UInt8] = []
    var offset = 0
    while offset < samples.count {
      if isCancelled() { return nil }
      let end = min(nextStop(after: offset), samples.count)
      try encode(offset..<end, with: &lame, into: &bytes)
      offset = end
      if startsAfresh && offset == freshStart { try lame.emptyReservoir(into: &bytes) }
    }
    if isLast { try lame.finish(into: &bytes) } else { try lame.emptyReservoir(into: &bytes) }
    return try EncodedSegment(bytes, firstFrame: plan.firstFrame(of: number))
  }

  private func encode(
    _ range: Range<Int>, with lame: inout LAME, into bytes: inout [UInt8]
  ) throws(EncoderError) {
    let left = samples.left.span.extracting(range)
    let right = samples.channels == 2 ? samples.right.span.extracting(range) : left
    try lame.encode(left, right, into: &bytes)
  }

  private func nextStop(after offset: Int) -> Int {
    let stop = offset + LAME.longestChunk
    return startsAfresh && offset < freshStart ? min(stop, freshStart) : stop
  }

  /// The sample before which the reservoir is emptied.
  private var freshStart: Int { plan.priming * plan.samplesPerFrame }
}
