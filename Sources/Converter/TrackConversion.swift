import Decoder
import DurableFiles
import Loudness
import MP3Encoder
import WireFormats

/// One audio track on its way to an MP3: the jail's PCM goes to the encoder's threads, and their frames to a file. Where
/// the source's audio is MP3 already, the jail hands out its frames, and they go to the file as they are.
///
/// Where a loudness is wanted, the track is decoded twice: once to measure it.
struct TrackConversion {
  let decoder: Decoder
  let threads: EncoderThreads
  let input: CInt
  var plan: ConversionPlan
  let handle: CancelHandle
  let tell: (ConversionProgress) -> Void
  private var meter = ProgressMeter()
  private var block = PCMBlock()

  init(
    decoder: Decoder, threads: EncoderThreads, input: CInt, plan: ConversionPlan, handle: CancelHandle,
    tell: @escaping (ConversionProgress) -> Void
  ) {
    self.decoder = decoder
    self.threads = threads
    self.input = input
    self.plan = plan
    self.handle = handle
    self.tell = tell
  }

  mutating func run(
    into makeFile: (SourceDescription) throws(FileError) -> NewFile
  ) throws(ConversionFailure) -> ConversionOutcome {
    do {
      let normalization: Normalization? =
        if let loudness = plan.options.loudness { try normalization(to: loudness) } else { nil }
      var session = try open()
      meter.enter(plan.shares(of: session.source).encoding)
      let file = MP3File(try makeFile(session.source))
      switch session.source.delivery {
      case .pcm: return try encode(&session, normalization, file)
      case .mp3Frames: return try copy(&session, file)
      }
    } catch { throw ConversionFailure(anything: error) }
  }

  private func open() throws(DecodeFailure) -> DecodeSession {
    try decoder.open(input, plan.decodeRequest) { handle.hold($0) }
  }

  /// What brings the track to `loudness`. It is decoded and measured for that; where peaks have to be held down, once
  /// more, since that takes loudness away.
  private mutating func normalization(to loudness: Double) throws -> Normalization {
    let passes = 2
    let first = try Normalization(of: try measure(nil, pass: 0, of: passes), to: loudness)
    return first.needsLimiter ? first.corrected(by: try measure(first, pass: 1, of: passes)) : first
  }

  /// How loud the track is after `normalization`, in one of the passes that measuring has.
  private mutating func measure(
    _ normalization: Normalization?, pass: Int, of passes: Int
  ) throws -> MeasuredLoudness {
    var session = try open()
    let source = session.source
    meter.enter(plan.shares(of: source).measuring.part(pass, of: passes))
    var level = try LevelMeter(of: source, after: normalization)
    while true {
      switch try session.next(&block) {
      case .samples: block.withSamples { left, right in level.add(left, right) }
      case .progress(let position): tell(meter.at(position, of: source.declaredDuration))
      case .frame: throw DecodeFailure.unexpectedDelivery
      case .end: return level.finish()
      }
    }
  }

  private mutating func encode(
    _ session: inout DecodeSession, _ normalization: Normalization?, _ file: consuming MP3File
  ) throws -> ConversionOutcome {
    let source = session.source
    var encoding = try LevelledEncoding(
      MP3Encoding(settings: try plan.encoderSettings(for: source), tag: ID3Tag(source), threads: threads, output: file),
      of: source, normalization)
    while true {
      switch try session.next(&block) {
      case .samples: try block.withSamples { left, right in try encoding.append(left, right) }
      case .progress(let position): tell(meter.at(position, of: source.declaredDuration))
      case .frame: throw DecodeFailure.unexpectedDelivery
      case .end(let summary):
        let (encoded, loudness, peaks) = try encoding.finish()
        var outcome = ConversionOutcome(source, summary, encoded, loudness: loudness, peaks: peaks)
        outcome.warnings += plan.complaints(aboutLoudness: loudness)
        return outcome
      }
    }
  }

  private mutating func copy(
    _ session: inout DecodeSession, _ file: consuming MP3File
  ) throws -> ConversionOutcome {
    let source = session.source
    // The first frame tells what all of them are like.
    guard case .frame = try session.next(&block), let first = MP3FrameHeader(block.bytes.span) else {
      throw DecodeFailure.unexpectedDelivery
    }
    var copying = try MP3Copying(like: first, tag: ID3Tag(source), output: file)
    try copying.append(frame: block.bytes.span)
    while true {
      switch try session.next(&block) {
      case .frame: try copying.append(frame: block.bytes.span)
      case .progress(let position): tell(meter.at(position, of: source.declaredDuration))
      case .samples: throw DecodeFailure.unexpectedDelivery
      case .end(let summary):
        let finished = try copying.finish(delay: summary.encoderDelay, padding: summary.encoderPadding)
        let encoded = finished.summary
        try finished.takeOutput().close()
        return ConversionOutcome(source, summary, encoded, copied: true)
      }
    }
  }
}
