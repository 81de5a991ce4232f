import WireFormats

/// Where an MP3 is written: bytes at the end, and once more over the frame near the front that tells what came after it.
public protocol MP3Output: ~Copyable {
  associatedtype Failure: Error

  /// Writes `bytes` after all that was appended before.
  mutating func append(_ bytes: Span<UInt8>) throws(Failure)

  /// Writes `bytes` over ones that were appended before, from `offset` on, counted from the first byte appended.
  mutating func overwrite(_ bytes: Span<UInt8>, at offset: Int) throws(Failure)
}

/// What an MP3 turned out to be.
public struct MP3Summary: Sendable, Hashable {
  /// All bytes written, the ID3 tag included.
  public let byteCount: Int
  /// The samples per channel that a player hears: the encoder's delay and padding don't count.
  public let sampleCount: Int
  /// The frames of audio: the Info frame does not count.
  public let frameCount: Int
  /// In Hz.
  public let sampleRate: Int
  /// 1 or 2.
  public let channels: Int
  /// In kbit/s, over the frames of audio.
  public let averageBitrate: Double
  /// Where among the bytes the tag's picture is; nil where it has none.
  public let picture: Range<Int>?
}

extension MP3Summary {
  /// Sums up a stream with `front` bytes before its frames.
  init(_ description: StreamDescription, _ tally: FrameTally, sampleCount: Int, front: Int, picture: Range<Int>?) {
    byteCount = front + tally.byteCount
    self.sampleCount = sampleCount
    frameCount = tally.frameCount
    sampleRate = description.sampleRate
    channels = description.channels
    let seconds = Double(frameCount * description.version.samplesPerFrame) / Double(sampleRate)
    self.picture = picture
    averageBitrate = Double(tally.byteCount) * 8 / 1000 / seconds
  }

  /// How long a player plays it.
  public var duration: Duration {
    let (seconds, rest) = sampleCount.quotientAndRemainder(dividingBy: sampleRate)
    return .seconds(seconds) + .nanoseconds(rest * 1_000_000_000 / sampleRate)
  }
}

/// An MP3 written to its end: what it is, and the output, given back for the caller to close.
public struct FinishedMP3<Output: MP3Output & ~Copyable>: ~Copyable {
  public let summary: MP3Summary
  public var output: Output

  /// Gives the output away, out of this value.
  public consuming func takeOutput() -> Output { output }
}
