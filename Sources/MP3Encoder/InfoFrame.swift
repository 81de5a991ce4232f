import WireFormats

/// The frame at the front that holds no audio but tells about all that follow: how many, how long, where to seek, and how much
/// of the decoded audio is the encoder's delay and padding.
///
/// Its layout is known from players and encoders only: Xing's header (VBR Header SDK) and the extension that LAME writes after it
/// ("Mp3 Info Tag revision 1 Specifications", gabriel.mp3-tech.org). For constant bit rates it is marked `Info`, else `Xing`.
struct InfoFrame: Sendable {
  private let header: [UInt8]
  private let frameLength: Int
  private let tagOffset: Int
  /// The version, the sample rate, the channels and the bit rate are fixed from the start; the rest may be learned later.
  var description: StreamDescription

  /// The bytes from the mark to the CRC at the end: 120 of Xing's, 36 of LAME's.
  private static let tagLength = 156

  init(_ description: StreamDescription) {
    let version = description.version
    let sideInfo = MP3FrameHeader.sideInfoLength(version, channels: description.channels)
    tagOffset = MP3FrameHeader.byteCount + sideInfo
    let needed = tagOffset + Self.tagLength
    let lengths = version.bitrates.map { version.samplesPerFrame / 8 * 1000 * $0 / description.sampleRate }
    // A frame of a constant bit rate has that bit rate too, so that players that look at the first frame only are right.
    let index = lengths.indices.first { lengths[$0] >= needed && version.bitrates[$0] >= description.infoBitrate }!
    frameLength = lengths[index]
    header = description.header(bitrateIndex: index + 1)
    self.description = description
  }

  /// A frame of the same length that says nothing, to be overwritten at the end.
  var placeholder: [UInt8] {
    header + [UInt8](repeating: 0, count: frameLength - header.count)
  }

  /// The frame that tells what `tally` has counted, of a stream in which a player hears `sampleCount` samples per channel.
  func encoded(_ tally: FrameTally, sampleCount: Int) -> [UInt8] {
    let padding = tally.frameCount * description.version.samplesPerFrame - description.delay - sampleCount
    var bytes = header + [UInt8](repeating: 0, count: tagOffset - header.count)
    bytes += xingTag(tally)
    bytes += lameTag(tally, padding: padding)
    bytes.append(bigEndian: CRC16.of(bytes.span))
    return bytes + [UInt8](repeating: 0, count: frameLength - bytes.count)
  }

  /// Xing's part: 120 bytes.
  private func xingTag(_ tally: FrameTally) -> [UInt8] {
    let framesBytesTableAndQuality: UInt32 = 0b1111
    var tag = Array((description.isConstant ? "Info" : "Xing").utf8)
    tag.append(bigEndian: framesBytesTableAndQuality)
    tag.append(bigEndian: UInt32(clamping: tally.frameCount))
    tag.append(bigEndian: UInt32(clamping: frameLength + tally.byteCount))
    tag += tally.seekTable(after: frameLength)
    tag.append(bigEndian: UInt32(clamping: description.quality))
    return tag
  }

  /// LAME's part without the CRC: 34 bytes.
  private func lameTag(_ tally: FrameTally, padding: Int) -> [UInt8] {
    var tag = description.encoderName
    tag.append(description.method)
    tag.append(UInt8(clamping: description.lowpass / 100))
    tag.append(bigEndian: description.level?.peakField ?? 0)
    tag.append(bigEndian: description.level?.gainField ?? 0)
    tag.append(bigEndian: UInt16(0))  // no ReplayGain of an album
    tag.append(description.psychoacoustics << 4 | description.thresholdKind)
    tag.append(UInt8(clamping: description.nominalBitrate))
    let delay = UInt32(clamping: description.delay) & 0xFFF
    let delays = delay << 12 | min(UInt32(clamping: padding), 0xFFF)
    tag += [UInt8(delays >> 16), UInt8(delays >> 8 & 0xFF), UInt8(delays & 0xFF)]
    tag.append(description.miscellaneous)
    tag.append(0)  // not made louder or softer
    tag.append(bigEndian: UInt16(clamping: description.preset))
    tag.append(bigEndian: UInt32(clamping: frameLength + tally.byteCount))
    tag.append(bigEndian: tally.crc)
    return tag
  }
}

extension [UInt8] {
  mutating func append(bigEndian value: some FixedWidthInteger) {
    for shift in stride(from: value.bitWidth - 8, through: 0, by: -8) {
      append(UInt8(truncatingIfNeeded: value >> shift))
    }
  }
}
