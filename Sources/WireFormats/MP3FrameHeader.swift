/// The three parts of MPEG audio that have a Layer III.
public enum MPEGVersion: Sendable, Hashable {
  /// ISO/IEC 11172-3: 32, 44.1, 48 kHz.
  case mpeg1
  /// ISO/IEC 13818-3: 16, 22.05, 24 kHz.
  case mpeg2
  /// Fraunhofer's extension: 8, 11.025, 12 kHz.
  case mpeg25

  /// The version that has `sampleRate`, or nil.
  public init?(sampleRate: Int) {
    switch sampleRate {
    case 32000, 44100, 48000: self = .mpeg1
    case 16000, 22050, 24000: self = .mpeg2
    case 8000, 11025, 12000: self = .mpeg25
    default: return nil
    }
  }

  /// Samples per channel in a frame: two granules of 576 in MPEG-1, one elsewhere (ISO/IEC 13818-3, 2.4.3.2).
  public var samplesPerFrame: Int { self == .mpeg1 ? 1152 : 576 }

  /// The sample rates by the header's index (ISO/IEC 11172-3, 2.4.2.3, and 13818-3, 2.4.2.3).
  public var sampleRates: [Int] {
    switch self {
    case .mpeg1: [44100, 48000, 32000]
    case .mpeg2: [22050, 24000, 16000]
    case .mpeg25: [11025, 12000, 8000]
    }
  }

  /// The bit rates in kbit/s by the header's index less 1 (ISO/IEC 11172-3 and 13818-3, 2.4.2.3). MPEG-2.5 has MPEG-2's.
  public var bitrates: [Int] {
    self == .mpeg1
      ? [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
      : [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]
  }
}

/// The four bytes at the head of an MP3 frame: ISO/IEC 11172-3, 2.4.1.3, of Layer III only.
public struct MP3FrameHeader: Sendable, Hashable {
  public let version: MPEGVersion
  /// In kbit/s.
  public let bitrate: Int
  /// In Hz.
  public let sampleRate: Int
  /// 1 or 2.
  public let channels: Int
  /// Whether a CRC of 16 bits follows the header.
  public let isProtected: Bool
  /// Whether the frame is one byte longer.
  public let isPadded: Bool

  /// The number of bytes that `init(_:)` looks at.
  public static let byteCount = 4

  /// The length of the largest frame in bytes: MPEG-1 at 32 kHz and 320 kbit/s, padded. No MPEG-2.5 frame is larger.
  public static let largestFrame = 1441

  /// Reads the header at the front of `bytes`.
  ///
  /// nil where those are not the header of a Layer III frame, or of one in free format, whose length no header tells.
  public init?(_ bytes: Span<UInt8>) {
    guard bytes.count >= Self.byteCount, bytes[0] == 0xFF, bytes[1] & 0xE0 == 0xE0 else { return nil }
    guard let version = MPEGVersion(field: bytes[1] >> 3 & 0b11), bytes[1] >> 1 & 0b11 == 0b01 else { return nil }
    let rateIndex = Int(bytes[2] >> 2 & 0b11)
    let bitrateIndex = Int(bytes[2] >> 4)
    guard rateIndex < 3, (1...14).contains(bitrateIndex) else { return nil }
    self.version = version
    bitrate = version.bitrates[bitrateIndex - 1]
    sampleRate = version.sampleRates[rateIndex]
    channels = bytes[3] >> 6 == 0b11 ? 1 : 2
    isProtected = bytes[1] & 1 == 0
    isPadded = bytes[2] >> 1 & 1 == 1
  }

  /// Samples per channel in the frame.
  public var samplesPerFrame: Int { version.samplesPerFrame }

  /// The length of the whole frame in bytes, this header included: ISO/IEC 11172-3, 2.4.3.1.
  public var frameLength: Int { version.samplesPerFrame / 8 * 1000 * bitrate / sampleRate + (isPadded ? 1 : 0) }

  /// Where the side information starts, counted from the frame's first byte.
  public var sideInfoOffset: Int { Self.byteCount + (isProtected ? 2 : 0) }

  /// Where the frame's part of the main data starts, counted from its first byte.
  public var mainDataOffset: Int { sideInfoOffset + Self.sideInfoLength(version, channels: channels) }

  /// The bytes of side information: ISO/IEC 11172-3 and 13818-3, 2.4.1.7.
  public static func sideInfoLength(_ version: MPEGVersion, channels: Int) -> Int {
    switch (version, channels) {
    case (.mpeg1, 2): 32
    case (.mpeg1, _), (_, 2): 17
    default: 9
    }
  }
}

extension MPEGVersion {
  fileprivate init?(field: UInt8) {
    switch field {
    case 0b11: self = .mpeg1
    case 0b10: self = .mpeg2
    case 0b00: self = .mpeg25
    default: return nil
    }
  }
}
