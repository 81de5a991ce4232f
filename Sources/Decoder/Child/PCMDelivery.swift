internal import CFFmpeg
internal import WireFormats

/// Decodes the chosen track into PCM.
struct PCMDelivery {
  private var reader: TrackReader
  private let decoder: AudioDecoder
  private let frame: Frame
  private var timeline: Timeline
  /// The rate of the last frame.
  private var rate = 0
  private var hasEnded = false

  /// A delivery of the reader's track. Throws `unsupportedCodec`.
  init(_ reader: TrackReader) throws(DecodeFailure) {
    decoder = try unsafe AudioDecoder(reader.file.stream(reader.stream))
    frame = try Frame()
    timeline = Timeline(reader.clock())
    self.reader = reader
  }

  /// Decodes everything: up to the first frame, which tells the format; then the description; then PCM to the end.
  mutating func run(_ request: DecodeRequest, _ report: SourceReport, to pipe: OutputPipe) throws(DecodeFailure) {
    guard try nextFrame() else { throw DecodeFailure(.noSamples) }
    let source = describe(request, report)
    rate = frame.rate
    var output = PCMOutput(pipe, source, request.limits)
    var resampler = try Resampler(like: frame, rate: output.rate, channels: output.channels)
    repeat {
      try deliverFrame(through: &resampler, to: &output)
    } while try nextFrame()
    try resampler.drain(to: &output)
    guard output.samples > 0 else { throw DecodeFailure(.noSamples) }
    output.finish(summary(output.samples))
  }

  private func describe(_ request: DecodeRequest, _ report: SourceReport) -> SourceDescription {
    var source = report.description(of: reader.file)
    (source.sourceRate, source.sourceChannels) = (frame.rate, frame.channels)
    source.sampleRate = MP3Rates.nearest(to: request.rate ?? frame.rate)
    source.channels =
      switch request.channels {
      case .mono: 1
      case .stereo: 2
      case .source, .auto: frame.channels == 1 ? 1 : 2
      }
    var rehearsal = timeline
    let placement = rehearsal.place(start: reader.time(frame.timestamp), length: frameLength)
    source.startOffset = .microseconds(placement.silence / (Timeline.unitsPerSecond / 1_000_000))
    return source
  }

  private mutating func deliverFrame(
    through resampler: inout Resampler, to output: inout PCMOutput
  ) throws(DecodeFailure) {
    if rate != frame.rate { timeline.rateChanges() }
    rate = frame.rate
    let placement = timeline.place(start: reader.time(frame.timestamp), length: frameLength)
    if placement.silence > 0 || !resampler.fits(frame) {
      try resampler.drain(to: &output)
      try output.appendSilence(Int(placement.silence * Int64(output.rate) / Timeline.unitsPerSecond))
      resampler = try Resampler(like: frame, rate: output.rate, channels: output.channels)
    }
    let dropped = Int(placement.trim * Int64(frame.rate) / Timeline.unitsPerSecond)
    if dropped < frame.samples { try resampler.convert(frame, dropping: dropped, to: &output) }
  }

  private var frameLength: Int64 { Int64(frame.samples) * Timeline.unitsPerSecond / Int64(frame.rate) }

  /// Decodes until there is a frame; false at the track's end.
  private mutating func nextFrame() throws(DecodeFailure) -> Bool {
    while true {
      switch decoder.receive(frame) {
      case .taken: if frame.isPlayable { return true }
      case .bad(let code): try warn(code)
      case nil: if try !feed() { return false }
      }
    }
  }

  /// Gives the decoder a packet, or word of the end; false where it has both.
  private mutating func feed() throws(DecodeFailure) -> Bool {
    guard !hasEnded else { return false }
    hasEnded = try !reader.advance()
    if case .bad(let code) = unsafe decoder.send(hasEnded ? nil : reader.packet.pointer) { try warn(code) }
    return true
  }

  private mutating func warn(_ code: CInt) throws(DecodeFailure) {
    if let failure = LibAV.resourceFailure(code) { throw failure }
    reader.warn(code)
  }

  private func summary(_ samples: Int) -> DecodeSummary {
    var summary = DecodeSummary()
    summary.samples = samples
    (summary.warnings, summary.firstWarning) = (reader.warnings, reader.firstWarning)
    return summary
  }
}
