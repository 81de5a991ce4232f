/// Writes an MP3: the tag, the Info frame, the frames, and the Info frame once more when all is known.
struct MP3Writer<Output: MP3Output & ~Copyable>: ~Copyable {
  /// What will be told at the end.
  var info: InfoFrame
  private let infoOffset: Int
  private let picture: Range<Int>?
  private var output: Output
  private var tally = FrameTally()

  init(tag: ID3Tag, info: InfoFrame, output: consuming Output) throws(MP3Failure<Output.Failure>) {
    let front = tag.encoded()
    self.info = info
    infoOffset = front.count
    picture = tag.picturePlace(inTagOf: front.count)
    self.output = output
    try append((front + info.placeholder).span)
  }

  /// The frames written so far.
  var frameCount: Int { tally.frameCount }

  /// The bytes of the frames written so far.
  var frameBytes: Int { tally.byteCount }

  /// Writes frames after all others.
  mutating func write(_ frames: Kept) throws(MP3Failure<Output.Failure>) {
    guard !frames.lengths.isEmpty else { return }
    try append(frames.bytes.span)
    tally.add(frames)
  }

  /// Writes what the Info frame tells of the stream, in which a player hears `sampleCount` samples per channel.
  consuming func finish(sampleCount: Int) throws(MP3Failure<Output.Failure>) -> FinishedMP3<Output> {
    let frame = info.encoded(tally, sampleCount: sampleCount)
    do throws(Output.Failure) {
      try output.overwrite(frame.span, at: infoOffset)
    } catch {
      throw .output(error)
    }
    return FinishedMP3(
      summary: MP3Summary(
        info.description, tally, sampleCount: sampleCount, front: infoOffset + frame.count, picture: picture),
      output: output)
  }

  private mutating func append(_ bytes: Span<UInt8>) throws(MP3Failure<Output.Failure>) {
    do throws(Output.Failure) {
      try output.append(bytes)
    } catch {
      throw .output(error)
    }
  }
}
