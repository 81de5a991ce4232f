internal import CFFmpeg
internal import WireFormats

/// Decodes the chosen track, or a part of it, into PCM.
struct PCMDelivery {
  private var track: TrackDecoder
  private var timeline: Timeline
  /// The rate of the last frame.
  private var rate = 0
  private var mayLeap: Bool

  /// A delivery of the decoder's track.
  init(_ track: TrackDecoder, _ request: DecodeRequest) {
    timeline = Timeline(track.reader.clock())
    mayLeap = request.start != nil
    self.track = track
  }

  /// Decodes everything: up to the first frame, which tells the format; then the description; then PCM to the end.
  mutating func run(_ request: DecodeRequest, _ report: SourceReport, to pipe: OutputPipe) throws(DecodeFailure) {
    guard try track.advance() else { throw DecodeFailure(.noSamples) }
    let part = WantedPart(request)
    let source = describe(request, report, part)
    rate = track.frame.rate
    var output = PCMOutput(pipe, source, part.samples(rate: source.sampleRate), request.limits)
    var resampler = try Resampler(like: track.frame, rate: output.rate, channels: output.channels)
    repeat {
      try leap(to: &output)
      try deliverFrame(through: &resampler, to: &output)
      if output.isComplete { break }
    } while try track.advance()
    try resampler.drain(to: &output)
    guard output.samples > 0 else { throw output.nothingGiven }
    output.finish(summary(output.samples))
  }

  private func describe(_ request: DecodeRequest, _ report: SourceReport, _ part: WantedPart) -> SourceDescription {
    let frame = track.frame
    var source = report.description(of: track.reader.file)
    (source.sourceRate, source.sourceChannels) = (frame.rate, frame.channels)
    source.sampleRate = MP3Rates.nearest(to: request.rate ?? frame.rate)
    source.channels =
      switch request.channels {
      case .mono: 1
      case .stereo: 2
      case .source, .auto: frame.channels == 1 ? 1 : 2
      }
    var rehearsal = timeline
    let placement = rehearsal.place(start: track.start, length: track.length)
    source.startOffset = .microseconds(placement.silence / (Timeline.unitsPerSecond / 1_000_000))
    part.cut(&source)
    return source
  }

  /// Goes to the wanted part at once where that is sure to lead to the same samples. A frame that comes when it is
  /// expected is the place to go from; the first one never is.
  private mutating func leap(to output: inout PCMOutput) throws(DecodeFailure) {
    guard mayLeap, timeline.expects(track.start) else { return }
    mayLeap = false
    guard let leap = Leap(track, over: output.samplesBeforePart, outputRate: output.rate),
      let other = try track.leapt(to: leap.timestamp), other.looksLike(track)
    else { return }
    track = other
    timeline.skip(leap.length)
    output.skip(leap.samples)
  }

  private mutating func deliverFrame(
    through resampler: inout Resampler, to output: inout PCMOutput
  ) throws(DecodeFailure) {
    let frame = track.frame
    if rate != frame.rate { timeline.rateChanges() }
    rate = frame.rate
    let placement = timeline.place(start: track.start, length: track.length)
    if placement.silence > 0 || !resampler.fits(frame) {
      try resampler.drain(to: &output)
      try output.appendSilence(Int(placement.silence * Int64(output.rate) / Timeline.unitsPerSecond))
      resampler = try Resampler(like: frame, rate: output.rate, channels: output.channels)
    }
    let dropped = Int(placement.trim * Int64(frame.rate) / Timeline.unitsPerSecond)
    if dropped < frame.samples { try resampler.convert(frame, dropping: dropped, to: &output) }
  }

  private func summary(_ samples: Int) -> DecodeSummary {
    var summary = DecodeSummary()
    summary.samples = samples
    (summary.warnings, summary.firstWarning) = (track.reader.warnings, track.reader.firstWarning)
    return summary
  }
}
