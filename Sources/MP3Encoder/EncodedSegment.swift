import WireFormats

/// The frames that the encoder of one segment made, and where each begins.
struct EncodedSegment: Sendable {
  /// Whole frames, one after the other.
  fileprivate(set) var bytes: [UInt8]
  let frames: [Frame]
  /// The place of the first frame in the whole stream.
  let firstFrame: Int

  /// What a seam needs to know about a frame.
  struct Frame: Sendable, Hashable {
    /// Where it begins in `bytes`, and where it ends.
    let start, end: Int
    /// Where its part of the main data begins in `bytes`; it goes on to `end`.
    let mainData: Int
    /// How many bytes of main data before its own part it uses: the `main_data_begin` of its side information.
    let reservoir: Int
  }

  /// Finds the frames in `bytes`.
  ///
  /// - Throws: where these are not whole Layer III frames.
  init(_ bytes: [UInt8], firstFrame: Int) throws(EncoderError) {
    var frames: [Frame] = []
    var offset = 0
    while offset < bytes.count {
      guard let frame = Frame(bytes.span, at: offset) else { throw .brokenFrame(at: offset) }
      frames.append(frame)
      offset = frame.end
    }
    self.bytes = bytes
    self.frames = frames
    self.firstFrame = firstFrame
  }

  /// The bytes of the frames in `range`.
  func byteRange(of range: Range<Int>) -> Range<Int> {
    range.isEmpty ? 0..<0 : frames[range.lowerBound].start..<frames[range.upperBound - 1].end
  }
}

extension EncodedSegment.Frame {
  fileprivate init?(_ bytes: Span<UInt8>, at start: Int) {
    let rest = bytes.extracting(droppingFirst: start)
    guard let header = MP3FrameHeader(rest), header.frameLength <= rest.count else { return nil }
    self.start = start
    end = start + header.frameLength
    mainData = start + header.mainDataOffset
    reservoir = header.reservoir(rest)
  }
}

extension MP3FrameHeader {
  /// The `main_data_begin` of the whole `frame` that this is the header of: ISO/IEC 11172-3 and 13818-3, 2.4.1.7.
  fileprivate func reservoir(_ frame: Span<UInt8>) -> Int {
    let first = Int(frame[sideInfoOffset])
    return version == .mpeg1 ? first << 1 | Int(frame[sideInfoOffset + 1] >> 7) : first
  }
}

extension EncodedSegment {
  /// The last `count` bytes of main data before the frame `index`.
  func mainData(_ count: Int, before index: Int) -> [UInt8] {
    var data: [UInt8] = []
    for range in mainDataRanges(count, before: index).reversed() { data += bytes[range] }
    return data
  }

  /// Writes `data` over the last main data before the frame `index`.
  mutating func replaceMainData(before index: Int, with data: [UInt8]) {
    var end = data.count
    for range in mainDataRanges(data.count, before: index) {
      bytes.replaceSubrange(range, with: data[end - range.count..<end])
      end -= range.count
    }
  }

  /// The places of the last `count` bytes of main data before the frame `index`, the last place first.
  private func mainDataRanges(_ count: Int, before index: Int) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    var missing = count
    for frame in frames[..<index].reversed() where missing > 0 {
      let length = min(missing, frame.end - frame.mainData)
      ranges.append(frame.end - length..<frame.end)
      missing -= length
    }
    precondition(missing == 0, "no frame's reservoir reaches back before its stream")
    return ranges
  }
}
