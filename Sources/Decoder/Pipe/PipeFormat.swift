import WireFormats

/// The language that a decoder child speaks on its pipe, and how much of it its reader bears.
///
/// The stream begins with the eight bytes of `greeting`, whose last is the version. Messages follow, each a type (u8),
/// a length (u32) and as many bytes of payload. Numbers are little-endian; a text is a u32 count and UTF-8; a duration
/// is an i64 of microseconds, -1 for none.
///
/// | type | payload | when | at most |
/// |---|---|---|---|
/// | 1 header | delivery u8, rate u32, channels u8, source rate u32, source channels u16, declared duration, start offset, tracks u16, chosen track u16, container text, codec text, picture follows u8, tags u8 × (key u8, text), chapters u16 × (start, end, text) | first, once | 1 MiB |
/// | 2 picture | media type u8 (1 JPEG, 2 PNG), the picture | after a header that announces it, once | 5 MB |
/// | 3 samples | n float32 of the left or only channel, then n of the right one | if the delivery is PCM; all but the last ones are full | n = 16384, as a whole what the limit of duration allows |
/// | 4 frame | one whole MP3 frame | if the delivery is frames | 1441 bytes, as a whole likewise |
/// | 5 progress | position, a duration: no more than has been given | behind more samples than at the last time | |
/// | 6 end | samples u64, warnings u32, first warning text, encoder delay u32, encoder padding u32 | last | 4 KiB |
/// | 7 failure | kind u8, limit u8, detail text | last, also in place of the header | 4 KiB |
///
/// The float32s are little-endian as well: the two ends are one program on one machine, and that is the order of each
/// machine it runs on.
enum PipeFormat {
  static let greeting: [UInt8] = [0x6D, 0x70, 0x33, 0x73, 0x70, 0x6C, 0x00, 0x01]

  /// Type and length.
  static let headByteCount = 5

  enum Message: UInt8, CaseIterable {
    case header = 1
    case picture
    case samples
    case frame
    case progress
    case end
    case failure
  }

  /// Caps of what comes out of the pipe.
  static let largestHeader = 1 << 20
  static let largestPicture = 5_000_000
  static let largestReport = 4096
  static let largestText = 4096
  static let allTagText = 64 << 10
  static let mostChapters = 1000
  /// Blocks of samples that are not full: a writer has one, its last.
  static let mostSmallBlocks = 64
  /// No file is longer than this, and no time in one later, whatever it says: 136 years.
  static let longestTime = Duration.seconds(Int64(1) << 32)
  static let largestChapterTitle = 512

  /// The most that the payload of a message may hold.
  static func largestPayload(of message: Message, channels: Int) -> Int {
    switch message {
    case .header: largestHeader
    case .picture: largestPicture
    case .samples: PCMBlock.capacity * channels * MemoryLayout<Float>.stride
    case .frame: MP3FrameHeader.largestFrame
    case .progress: 8
    case .end, .failure: largestReport
    }
  }

  /// Tags by the key that stands for them in a header.
  static var tagKeys: [(key: UInt8, path: WritableKeyPath<SourceTags, String?>)] {
    [
      (1, \.title), (2, \.artist), (3, \.album), (4, \.albumArtist), (5, \.date), (6, \.genre), (7, \.track),
      (8, \.comment), (9, \.composer), (10, \.copyright), (11, \.language),
    ]
  }
}

/// What a child can say went wrong. The rest of `DecodeFailure.Kind` is for its reader to find out.
enum ReportedFailure: UInt8, CaseIterable {
  case notMedia = 1
  case noAudioTrack
  case noSuchTrack
  case unsupportedCodec
  case encrypted
  case noSamples
  case limitExceeded
  case unavailable

  init?(_ kind: DecodeFailure.Kind) {
    switch kind {
    case .notMedia: self = .notMedia
    case .noAudioTrack: self = .noAudioTrack
    case .noSuchTrack: self = .noSuchTrack
    case .unsupportedCodec: self = .unsupportedCodec
    case .encrypted: self = .encrypted
    case .noSamples: self = .noSamples
    case .limitExceeded: self = .limitExceeded
    case .unavailable: self = .unavailable
    case .crashed, .exited, .timedOut, .violatedProtocol, .cancelled: return nil
    }
  }

  func kind(limit: DecodeFailure.Limit?) -> DecodeFailure.Kind? {
    switch self {
    case .notMedia: .notMedia
    case .noAudioTrack: .noAudioTrack
    case .noSuchTrack: .noSuchTrack
    case .unsupportedCodec: .unsupportedCodec
    case .encrypted: .encrypted
    case .noSamples: .noSamples
    case .limitExceeded: limit.map { .limitExceeded($0) }
    case .unavailable: .unavailable
    }
  }
}
