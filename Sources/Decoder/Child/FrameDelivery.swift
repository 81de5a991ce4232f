internal import CFFmpeg
internal import WireFormats

/// Passes the frames of an MP3 track on as they are.
struct FrameDelivery {
  /// What all frames of a track have in common.
  struct Survey: Equatable {
    var rate: Int
    var channels: Int
    var samples = 0
    /// What libavformat says is to be skipped at the begin and dropped at the end.
    var skipped = 0
    var discarded = 0
    /// Packets behind the last frame that are none: a tag, half a frame.
    var leftOut = 0
  }

  /// The samples that every decoder adds at the begin and libavformat counts into what is to be skipped (mp3dec.c; also
  /// http://gabriel.mp3-tech.org/mp3infotag.html).
  fileprivate static let decoderDelay = 529
  /// A larger file is not read twice only to save the encoding.
  private static let mostSurveyedBytes = 512 << 20

  private let survey: Survey
  private var reader: TrackReader

  /// A delivery of the track that the survey found fit.
  init(_ reader: TrackReader, _ survey: Survey) {
    self.survey = survey
    self.reader = reader
  }

  /// Reads a whole track to see whether its frames can be passed on: each packet one frame, all of one rate and number
  /// of channels, as the request wants them, without gaps. Nil where they can't, and for a file of more than 512 MiB.
  static func survey(
    _ reader: TrackReader, _ request: DecodeRequest
  ) throws(DecodeFailure) -> Survey? {
    guard reader.file.byteCount <= mostSurveyedBytes else { return nil }
    var reader = reader
    var survey: Survey?
    var timeline = Timeline(reader.clock())
    while try reader.advance() {
      guard let header = frameHeader(reader.packet) else {
        guard survey != nil else { return nil }
        survey?.leftOut += 1
        continue
      }
      var present = survey ?? Survey(rate: header.sampleRate, channels: header.channels)
      let length = Int64(header.samplesPerFrame) * Timeline.unitsPerSecond / Int64(header.sampleRate)
      let start = unsafe reader.time(reader.packet.pointer.pointee.pts)
      guard present.continues(with: header), timeline.place(start: start, length: length) == .init() else {
        return nil
      }
      present.note(reader.packet, header)
      survey = present
    }
    guard let survey, request.rate ?? survey.rate == survey.rate, reader.warnings == 0 else { return nil }
    return request.channels.allows(survey.channels) ? survey : nil
  }

  /// Describes the track, then writes its frames.
  mutating func run(_ request: DecodeRequest, _ report: SourceReport, to pipe: OutputPipe) throws(DecodeFailure) {
    var pipe = pipe
    pipe.write(PipeWriter.description(describe(report)))
    var summary = survey.summary
    var pace = ProgressPace(rate: survey.rate)
    while try reader.advance(), let header = Self.frameHeader(reader.packet) {
      pipe.collect(reader.packet.withBytes { PipeWriter.frame($0) })
      summary.samples += header.samplesPerFrame
      let position = Duration.microseconds(Int64(summary.samples) * 1_000_000 / Int64(survey.rate))
      guard position <= request.limits.maximumDuration else { throw DecodeFailure(.limitExceeded(.duration)) }
      if pace.isDue(after: summary.samples) { pipe.collect(PipeWriter.progress(position)) }
    }
    pipe.write(PipeWriter.end(summary))
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
