/// One MP3 in the making: PCM comes in on one thread, is encoded on the pool's, and goes out as frames in the order of time.
///
/// The bytes do not depend on the number of threads. The memory in use is bounded however long the audio is: a few segments of
/// PCM, 10 MB each at 44.1 kHz stereo.
///
/// Dropping it without `finish` cancels its work; what the output has got by then is not an MP3. After a method threw, only
/// dropping makes sense.
public struct MP3Encoding<Output: MP3Output & ~Copyable>: ~Copyable {
  public typealias Failure = MP3Failure<Output.Failure>

  private let settings: EncoderSettings
  private let plan: SegmentPlan
  private let lane: EncoderLane
  private var writer: MP3Writer<Output>
  private var cutter: SegmentCutter
  private var stitching: Stitching
  /// The segments that were submitted and are not stitched yet, in order, with their PCM: one may have to be encoded again.
  private var underway: [SegmentTask] = []

  /// Starts an MP3: writes its tag and room for the Info frame to `output`.
  ///
  /// - Throws: where LAME refuses the settings or `output` fails.
  public init(
    settings: EncoderSettings, tag: ID3Tag, threads: EncoderThreads, output: consuming Output
  ) throws(Failure) {
    try self.init(settings: settings, tag: tag, threads: threads, output: output, plan: SegmentPlan(settings))
  }

  init(
    settings: EncoderSettings, tag: ID3Tag, threads: EncoderThreads, output: consuming Output, plan: SegmentPlan
  ) throws(Failure) {
    let description = try Self.description(of: settings)
    writer = try MP3Writer(tag: tag, info: InfoFrame(description), output: output)
    self.settings = settings
    self.plan = plan
    lane = threads.openLane()
    cutter = SegmentCutter(plan, channels: settings.channels)
    stitching = Stitching(plan)
  }

  /// Takes PCM, full scale ±1.0: as many samples in `left` as in `right`, or anything in `right` for mono.
  ///
  /// Samples over full scale are kept up to 24 dB above it; NaN becomes silence. Waits while enough is underway, so that the
  /// thread that calls has to be one that may block.
  ///
  /// - Throws: where LAME or the output fails.
  public mutating func append(_ left: Span<Float>, _ right: Span<Float>) throws(Failure) {
    precondition(settings.channels == 1 || left.count == right.count, "both channels have the same number of samples")
    var offset = 0
    while offset < left.count {
      let number = cutter.segment
      guard let samples = cutter.take(left, right, from: &offset) else { continue }
      try submit(samples, as: number, isLast: false)
    }
  }

  /// Encodes what is left and writes the Info frame, which tells players the `level` where it is known.
  ///
  /// - Returns: what the MP3 is, and the output, which is not closed.
  /// - Throws: where LAME or the output fails, or there was not one sample.
  public consuming func finish(level: PlaybackLevel? = nil) throws(Failure) -> FinishedMP3<Output> {
    guard cutter.sampleCount > 0 else { throw .encoder(.noAudio) }
    try submit(cutter.samples, as: cutter.segment, isLast: true)
    while !underway.isEmpty { try stitchNext() }
    try writer.write(stitching.finish())
    writer.info.description.level = level
    return try writer.finish(sampleCount: cutter.sampleCount)
  }

  private static func description(of settings: EncoderSettings) throws(Failure) -> StreamDescription {
    do throws(EncoderError) {
      let lame = try LAME(settings)
      return StreamDescription(settings, lame.choices)
    } catch {
      throw .encoder(error)
    }
  }

  private mutating func submit(_ samples: SegmentSamples, as number: Int, isLast: Bool) throws(Failure) {
    let task = SegmentTask(number: number, samples: samples, settings: settings, plan: plan, isLast: isLast)
    lane.submit(task)
    underway.append(task)
    while underway.count + 1 > lane.allowance { try stitchNext() }
  }

  /// Waits for the first segment underway and writes the frames that are certain with it.
  private mutating func stitchNext() throws(Failure) {
    let task = underway.removeFirst()
    let segment = try encoded(task)
    if try join(segment) { return }
    for frames in plan.bridges {
      guard let bridge = task.bridge(frames: frames) else { break }
      try joinAfresh(bridge)
      if try join(segment) { return }
    }
    try joinAfresh(task.startingAfresh)
  }

  /// Writes the frames that are certain with `segment`; false where no seam fits.
  private mutating func join(_ segment: EncodedSegment) throws(Failure) -> Bool {
    guard case .joined(let frames) = stitching.join(segment) else { return false }
    try writer.write(frames)
    return true
  }

  private mutating func joinAfresh(_ task: SegmentTask) throws(Failure) {
    lane.submit(task)
    guard try join(try encoded(task)) else {
      preconditionFailure("a frame that needs no reservoir fits after every other")
    }
  }

  private func encoded(_ task: SegmentTask) throws(Failure) -> EncodedSegment {
    do throws(EncoderError) {
      return try lane.wait(for: task.number)
    } catch {
      throw .encoder(error)
    }
  }
}
