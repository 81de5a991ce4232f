internal import CFFmpeg
internal import WireFormats

/// Passes the frames of an MP3 track on as they are.
struct FrameDelivery {
  /// What all frames of a track have in common.
  struct Survey: Equatable {
    var rate: Int
    var channels: Int
    var samplesPerFrame: Int
    var samples = 0
    /// What libavformat says is to be skipped at the begin and dropped at the end.
    var skipped = 0
    var discarded = 0
    /// Packets behind the last frame that are none: a tag, half a frame.
    var leftOut = 0
    /// The frames as messages for the pipe; nil where they were too many to be kept.
    fileprivate(set) var frames: [[UInt8]]? = []
    fileprivate var keptBytes = 0
  }

  /// The samples that every decoder adds at the begin and libavformat counts into what is to be skipped (mp3dec.c; also
  /// http://gabriel.mp3-tech.org/mp3infotag.html).
  fileprivate static let decoderDelay = 529
  /// More than this is not kept in memory, but read once more: some two hours at 128 kbit/s.
  fileprivate static let mostKeptBytes = 128 << 20

  private let survey: Survey
  private var reader: TrackReader

  /// A delivery of the track that the survey found fit.
  init(_ reader: TrackReader, _ survey: Survey) {
    self.survey = survey
    self.reader = reader
  }

  /// Reads a whole track to see whether its frames can be passed on: each packet one frame, all of one rate and number
  /// of channels, as the request wants them, without gaps. Nil where they can't.
  static func survey(
    _ reader: TrackReader, _ request: DecodeRequest
  ) throws(DecodeFailure) -> Survey? {
    var reader = reader
    var survey: Survey?
    var timeline = Timeline(reader.clock())
    while try reader.advance() {
      guard let header = frameHeader(reader.packet) else {
        guard survey != nil else { return nil }
        survey?.leftOut += 1
        continue
      }
      // Taken out, so that its frames are appended to and not copied.
      var present =
        survey.take()
        ?? Survey(rate: header.sampleRate, channels: header.channels, samplesPerFrame: header.samplesPerFrame)
      let length = Int64(header.samplesPerFrame) * Timeline.unitsPerSecond / Int64(header.sampleRate)
      let start = unsafe reader.time(reader.packet.pointer.pointee.pts)
      guard present.continues(with: header), timeline.place(start: start, length: length) == .init() else {
        return nil
      }
      present.note(reader.packet, header)
      present.keep(reader.packet)
      survey = present
    }
    guard let survey, request.rate ?? survey.rate == survey.rate, reader.warnings == 0 else { return nil }
    return request.channels.allows(survey.channels) ? survey : nil
  }

  /// Describes the track, then writes its frames.
  mutating func run(_ request: DecodeRequest, _ report: SourceReport, to pipe: OutputPipe) throws(DecodeFailure) {
    var frames = OutgoingFrames(survey, limit: request.limits.maximumDuration, pipe)
    frames.pipe.write(PipeWriter.description(describe(report)))
    if let kept = survey.frames {
      for frame in kept { try frames.deliver(frame) }
    } else {
      while try reader.advance(), Self.frameHeader(reader.packet) != nil {
        try frames.deliver(reader.packet.withBytes { PipeWriter.frame($0) })
      }
    }
    frames.finish()
  }

  private func describe(_ report: SourceReport) -> SourceDescription {
    var source = report.description(of: reader.file)
    source.delivery = .mp3Frames
    (source.sampleRate, source.channels) = (survey.rate, survey.channels)
    (source.sourceRate, source.sourceChannels) = (survey.rate, survey.channels)
    return source
  }

  /// The header of a packet that is exactly one frame.
  private static func frameHeader(_ packet: Packet) -> MP3FrameHeader? {
    packet.withBytes { bytes in
      guard let header = MP3FrameHeader(bytes), header.frameLength == bytes.count else { return nil }
      return header
    }
  }
}

extension FrameDelivery.Survey {
  /// Counts a frame, and what a player must drop of it.
  fileprivate mutating func note(_ packet: Packet, _ header: MP3FrameHeader) {
    if let (start, end) = packet.skippedSamples {
      if samples == 0 { skipped = start }
      discarded += end
    }
    samples += header.samplesPerFrame
  }

  /// Keeps a frame as long as all of them are not too many.
  fileprivate mutating func keep(_ packet: Packet) {
    let frame = packet.withBytes { PipeWriter.frame($0) }
    keptBytes += frame.count
    if keptBytes <= FrameDelivery.mostKeptBytes { frames?.append(frame) } else { frames = nil }
  }

  /// Whether such a frame may follow. Behind something that is no frame none may.
  fileprivate func continues(with header: MP3FrameHeader) -> Bool {
    rate == header.sampleRate && channels == header.channels && leftOut == 0
  }

  /// What is known before the frames are passed on. What is skipped at the begin contains the decoder's own delay, and
  /// what is discarded at the end does not.
  fileprivate var summary: DecodeSummary {
    var summary = DecodeSummary()
    summary.warnings = leftOut
    summary.firstWarning = leftOut > 0 ? "what follows the last frame was left out" : nil
    summary.encoderDelay = max(0, skipped - FrameDelivery.decoderDelay)
    summary.encoderPadding = discarded > 0 ? discarded + FrameDelivery.decoderDelay : 0
    return summary
  }
}

/// Frames on their way into the pipe, with word of how far they are.
private struct OutgoingFrames {
  var pipe: OutputPipe
  private var summary: DecodeSummary
  private var pace: ProgressPace
  private let rate: Int
  private let samplesPerFrame: Int
  private let limit: Duration

  init(_ survey: FrameDelivery.Survey, limit: Duration, _ pipe: OutputPipe) {
    self.pipe = pipe
    self.limit = limit
    (rate, samplesPerFrame, summary) = (survey.rate, survey.samplesPerFrame, survey.summary)
    pace = ProgressPace(rate: survey.rate)
  }

  mutating func deliver(_ frame: [UInt8]) throws(DecodeFailure) {
    pipe.collect(frame)
    summary.samples += samplesPerFrame
    let position = Duration.microseconds(Int64(summary.samples) * 1_000_000 / Int64(rate))
    guard position <= limit else { throw DecodeFailure(.limitExceeded(.duration)) }
    if pace.isDue(after: summary.samples) { pipe.collect(PipeWriter.progress(position)) }
  }

  mutating func finish() { pipe.write(PipeWriter.end(summary)) }
}

extension ChannelChoice {
  /// Whether so many channels are what is wanted.
  fileprivate func allows(_ channels: Int) -> Bool {
    switch self {
    case .source, .auto: true
    case .mono: channels == 1
    case .stereo: channels == 2
    }
  }
}
