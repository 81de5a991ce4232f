/// The header of an MPEG audio Layer III frame (ISO 11172-3 §2.4.2.3; the version bits of MPEG-2.5 are unofficial).
struct MP3FrameHeader: Equatable {
  /// The largest frame: MPEG-2.5, 8 kHz, 160 kbit/s, padded, is 1441 bytes, MPEG-1 at 32 kHz and 320 kbit/s the same.
  static let largestFrame = 1441

  let sampleRate: Int
  let channels: Int
  /// Bytes of the frame, its header included.
  let byteCount: Int
  /// Samples per channel.
  let samples: Int

  private static let mpeg1Kilobits = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
  private static let mpeg2Kilobits = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]
  private static let mpeg1Rates = [44100, 48000, 32000]

  /// Nil unless `bytes` begins with a Layer III header of a fixed bit rate (not "free format") and a known rate.
  init?(_ bytes: Span<UInt8>) {
    guard bytes.count >= 4, bytes[0] == 0xFF, bytes[1] & 0xE6 == 0xE2 else { return nil }
    let version = Int(bytes[1] >> 3 & 3)  // 0: MPEG-2.5, 2: MPEG-2, 3: MPEG-1
    let bitrateIndex = Int(bytes[2] >> 4)
    let rateIndex = Int(bytes[2] >> 2 & 3)
    guard version != 1, (1...14).contains(bitrateIndex), rateIndex < 3 else { return nil }
    let isFirst = version == 3
    let kilobits = (isFirst ? Self.mpeg1Kilobits : Self.mpeg2Kilobits)[bitrateIndex]
    sampleRate = Self.mpeg1Rates[rateIndex] >> (isFirst ? 0 : version == 2 ? 1 : 2)
    channels = bytes[3] >> 6 == 3 ? 1 : 2
    samples = isFirst ? 1152 : 576
    byteCount = samples / 8 * kilobits * 1000 / sampleRate + Int(bytes[2] >> 1 & 1)
  }
}
