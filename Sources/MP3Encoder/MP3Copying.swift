public import WireFormats

/// An MP3 made of another one's frames, unchanged, with a tag and an Info frame of its own.
///
/// Dropping it without `finish` leaves something in the output that is not an MP3. After a method threw, only dropping makes
/// sense.
public struct MP3Copying<Output: MP3Output & ~Copyable>: ~Copyable {
  public typealias Failure = MP3Failure<Output.Failure>

  private let first: MP3FrameHeader
  private var writer: MP3Writer<Output>
  /// Frames that are not written yet.
  private var bytes: [UInt8] = []
  private var lengths: [Int] = []
  private var isConstant = true

  /// Frames are written in pieces of about this many bytes.
  private static var pieceLength: Int { 64 << 10 }

  /// Starts an MP3 of frames like `first`, which is not yet appended: writes the tag and room for the Info frame to `output`.
  ///
  /// - Throws: where `output` fails.
  public init(like first: MP3FrameHeader, tag: ID3Tag, output: consuming Output) throws(Failure) {
    self.first = first
    var description = StreamDescription(
      version: first.version, sampleRate: first.sampleRate, channels: first.channels)
    description.infoBitrate = first.bitrate
    writer = try MP3Writer(tag: tag, info: InfoFrame(description), output: output)
  }

  /// Takes one whole frame. An Info frame of the source is not one to copy: the caller leaves it out.
  ///
  /// - Throws: where `frame` is not exactly one frame of Layer III, or has not the first one's sample rate and channels, and
  ///   where the output fails.
  public mutating func append(frame: Span<UInt8>) throws(Failure) {
    guard let header = MP3FrameHeader(frame), header.frameLength == frame.count else {
      throw .encoder(.brokenFrame(at: writer.frameBytes + bytes.count))
    }
    guard header.sampleRate == first.sampleRate, header.channels == first.channels else { throw .encoder(.mixedFrames) }
    isConstant = isConstant && header.bitrate == first.bitrate
    unsafe frame.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
    lengths.append(frame.count)
    if bytes.count >= Self.pieceLength { try writePiece() }
  }

  /// Writes the Info frame.
  ///
  /// `delay` and `padding` are the samples before and after the audio that a player is to leave out, as the source's Info frame
  /// had them: without the decoder's own delay. An Info frame has room for 0 to 4095 of each.
  ///
  /// - Returns: what the MP3 is, and the output, which is not closed.
  /// - Throws: where the output fails, or there was no frame.
  public consuming func finish(delay: Int, padding: Int) throws(Failure) -> FinishedMP3<Output> {
    try writePiece()
    guard writer.frameCount > 0 else { throw .encoder(.noAudio) }
    let (delay, padding) = (min(max(delay, 0), 0xFFF), min(max(padding, 0), 0xFFF))
    writer.info.description.delay = delay
    writer.info.description.isConstant = isConstant
    let samples = writer.frameCount * first.version.samplesPerFrame - delay - padding
    return try writer.finish(sampleCount: max(0, samples))
  }

  private mutating func writePiece() throws(Failure) {
    try writer.write(Kept(bytes: bytes[...], lengths: lengths))
    bytes.removeAll(keepingCapacity: true)
    lengths.removeAll(keepingCapacity: true)
  }
}
