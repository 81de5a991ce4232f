import WireFormats

@testable import MP3Encoder

/// Frames of an MP3 that is copied; what is none is passed over.
enum FramesTarget {
  @Sendable static func run(_ bytes: [UInt8]) {
    let frames = frames(in: bytes)
    guard let first = frames.first.flatMap({ MP3FrameHeader($0.span) }) else { return }
    guard var copying = try? MP3Copying(like: first, tag: ID3Tag(), output: Memory()) else {
      return require(false, "memory takes an MP3")
    }
    var music: [UInt8] = []
    for frame in frames where (try? copying.append(frame: frame.span)) != nil { music += frame }
    let edge = Int(bytes.count) << 4
    guard let finished = try? copying.finish(delay: edge, padding: edge >> 1) else {
      return require(false, "a first frame is one that can be copied")
    }
    require(finished.summary.sampleCount >= 0, "nothing is shorter than nothing")
    require(finished.output.bytes.suffix(music.count) == music[...], "frames are copied as they are")
  }

  private static func frames(in bytes: [UInt8]) -> [[UInt8]] {
    var frames: [[UInt8]] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      guard let header = MP3FrameHeader(rest.span), header.frameLength <= rest.count else {
        rest = rest.dropFirst()
        continue
      }
      require(
        header.mainDataOffset <= header.frameLength && header.frameLength <= MP3FrameHeader.largestFrame,
        "a frame has room for its own head")
      frames.append(Array(rest.prefix(header.frameLength)))
      rest = rest.dropFirst(header.frameLength)
    }
    return frames
  }

  private struct Memory: MP3Output, ~Copyable {
    var bytes: [UInt8] = []

    mutating func append(_ bytes: Span<UInt8>) throws(Never) {
      for index in bytes.indices { self.bytes.append(bytes[index]) }
    }

    mutating func overwrite(_ bytes: Span<UInt8>, at offset: Int) throws(Never) {
      for index in bytes.indices { self.bytes[offset + index] = bytes[index] }
    }
  }
}
