public import Decoder
public import DurableFiles
public import MP3Encoder
public import WireFormats

/// One media file on its way to one MP3: the jail's PCM goes to the encoder's threads, and their frames to a file. Where
/// the source's audio is MP3 already, the jail hands out its frames, and they go to the file as they are.
public struct Conversion: Sendable {
  private let decoder: Decoder
  private let threads: EncoderThreads

  public init(decoder: Decoder, threads: EncoderThreads) {
    self.decoder = decoder
    self.threads = threads
  }

  /// Converts the media file behind the descriptor `input` into `file`, which is synchronized and closed in the end.
  ///
  /// It blocks until all is done; so it belongs on a thread of its own. What a failure leaves in the file is the
  /// caller's to remove.
  ///
  /// - Parameters:
  ///   - willDecode: gets the handle by which any thread can end the conversion early.
  ///   - progress: is told again and again how far the conversion is.
  public func run(
    _ input: CInt, options: ConversionOptions, into file: consuming NewFile,
    willDecode: (DecodeCanceller) -> Void = { _ in }, progress: (ConversionProgress) -> Void = { _ in }
  ) throws(ConversionFailure) -> ConversionOutcome {
    let plan = ConversionPlan(options: options)
    let meter = ProgressMeter()
    var session: DecodeSession
    do { session = try decoder.open(input, plan.decodeRequest) } catch { throw ConversionFailure(error) }
    willDecode(session.canceller)
    let declared = session.source.declaredDuration
    let tell = { (position: Duration) in progress(meter.at(position, of: declared)) }
    switch session.source.delivery {
    case .pcm: return try encode(&session, plan, MP3File(file), tell)
    case .mp3Frames: return try copy(&session, MP3File(file), tell)
    }
  }

  private func encode(
    _ session: inout DecodeSession, _ plan: ConversionPlan, _ file: consuming MP3File, _ tell: (Duration) -> Void
  ) throws(ConversionFailure) -> ConversionOutcome {
    do {
      let source = session.source
      var encoding = try MP3Encoding(
        settings: try plan.encoderSettings(for: source), tag: ID3Tag(source), threads: threads, output: file)
      var block = PCMBlock()
      while true {
        switch try session.next(&block) {
        case .samples:
          try block.withSamples { left, right throws(MP3Failure<FileError>) in try encoding.append(left, right) }
        case .progress(let position): tell(position)
        case .frame: throw DecodeFailure.unexpectedDelivery
        case .end(let summary):
          let finished = try encoding.finish()
          return ConversionOutcome(source, summary, finished.summary, try finished.takeOutput().close())
        }
      }
    } catch { throw ConversionFailure(anything: error) }
  }

  private func copy(
    _ session: inout DecodeSession, _ file: consuming MP3File, _ tell: (Duration) -> Void
  ) throws(ConversionFailure) -> ConversionOutcome {
    do {
      let source = session.source
      var block = PCMBlock()
      // The first frame tells what all of them are like.
      guard case .frame = try session.next(&block), let first = MP3FrameHeader(block.bytes.span) else {
        throw DecodeFailure.unexpectedDelivery
      }
      var copying = try MP3Copying(like: first, tag: ID3Tag(source), output: file)
      try copying.append(frame: block.bytes.span)
      while true {
        switch try session.next(&block) {
        case .frame: try copying.append(frame: block.bytes.span)
        case .progress(let position): tell(position)
        case .samples: throw DecodeFailure.unexpectedDelivery
        case .end(let summary):
          let finished = try copying.finish(delay: summary.encoderDelay, padding: summary.encoderPadding)
          return ConversionOutcome(source, summary, finished.summary, try finished.takeOutput().close(), copied: true)
        }
      }
    } catch { throw ConversionFailure(anything: error) }
  }
}

/// What came of a conversion.
public struct ConversionOutcome: Sendable {
  public let source: SourceDescription
  public let decoded: DecodeSummary
  public let encoded: MP3Summary
  /// The source's own frames were taken over.
  public let copied: Bool

  /// - Parameter closed: only a file that was closed without an error is an outcome.
  init(
    _ source: SourceDescription, _ decoded: DecodeSummary, _ encoded: MP3Summary, _ closed: Void, copied: Bool = false
  ) {
    (self.source, self.decoded, self.encoded, self.copied) = (source, decoded, encoded, copied)
  }

  /// What was survived on the way, a sentence each.
  public var warnings: [String] {
    guard decoded.warnings > 0 else { return [] }
    let first = decoded.firstWarning.map { ": \($0)" } ?? ""
    return ["\(decoded.warnings) parts of the file could not be decoded\(first)"]
  }
}

/// The file that an MP3 is written to.
struct MP3File: MP3Output, ~Copyable {
  private var file: NewFile

  init(_ file: consuming NewFile) { self.file = file }

  mutating func append(_ bytes: Span<UInt8>) throws(FileError) { try file.write(bytes) }

  mutating func overwrite(_ bytes: Span<UInt8>, at offset: Int) throws(FileError) {
    try file.write(bytes, at: Int64(offset))
  }

  consuming func close() throws(FileError) {
    try file.synchronize()
    try file.close()
  }
}
