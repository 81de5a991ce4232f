import WireFormats

@testable import MP3Encoder

/// An MP3 and what its encoder said about it.
struct Encoded {
  let bytes: [UInt8]
  let summary: MP3Summary

  /// The ID3 tag and the Info frame are at the front: where the latter begins.
  var infoOffset: Int { 10 + bytes[6..<10].reduce(0) { $0 << 7 | Int($1) } }

  /// The Info frame.
  var info: ArraySlice<UInt8> { bytes[infoOffset..<infoOffset + header(bytes[infoOffset...])!.frameLength] }

  /// The frames of audio.
  var music: ArraySlice<UInt8> { bytes[info.endIndex...] }
}

/// Encodes `sound` with segments of `framesPerSegment`, given in pieces of `piece` samples.
func encode(
  _ sound: Sound, _ mode: BitrateMode, threads: EncoderThreads? = nil, framesPerSegment: Int = 1024,
  piece: Int = 5000, tag: ID3Tag = ID3Tag(), level: PlaybackLevel? = nil
) throws -> Encoded {
  let settings = try EncoderSettings(sampleRate: sound.rate, channels: sound.channels, mode: mode)
  let plan = SegmentPlan(settings, framesPerSegment: framesPerSegment)
  return try encode(sound, mode, threads: threads, plan: plan, piece: piece, tag: tag, level: level)
}

/// Encodes `sound` as `plan` says.
func encode(
  _ sound: Sound, _ mode: BitrateMode, threads: EncoderThreads? = nil, plan: SegmentPlan, piece: Int = 5000,
  tag: ID3Tag = ID3Tag(), level: PlaybackLevel? = nil
) throws -> Encoded {
  let settings = try EncoderSettings(sampleRate: sound.rate, channels: sound.channels, mode: mode)
  var encoding = try MP3Encoding(
    settings: settings, tag: tag, threads: threads ?? sharedThreads.get(), output: MemoryOutput(), plan: plan)
  var offset = 0
  while offset < sound.count {
    let end = offset + min(piece, sound.count - offset)
    let left = sound.left.span.extracting(offset..<end)
    try encoding.append(left, sound.channels == 2 ? sound.right.span.extracting(offset..<end) : Span())
    offset = end
  }
  let finished = try encoding.finish(level: level)
  return Encoded(bytes: finished.output.bytes, summary: finished.summary)
}

/// One pool for all tests that don't care.
let sharedThreads = Result { try EncoderThreads(count: 2) }

/// The frame header at the front of `bytes`.
func header(_ bytes: some Sequence<UInt8>) -> MP3FrameHeader? {
  MP3FrameHeader(Array(bytes.prefix(MP3FrameHeader.byteCount)).span)
}
