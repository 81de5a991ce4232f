/// What the decoder found out about a file before its first sample. Everything in it was cleaned: text is valid, free
/// of control characters and of bounded size.
public struct SourceDescription: Sendable, Hashable {
  /// Whether the session gives PCM or the source's own MP3 frames.
  public enum Delivery: UInt8, Sendable, Hashable {
    /// `DecodeSession.Step.samples`.
    case pcm
    /// `DecodeSession.Step.frame`.
    case mp3Frames
  }

  /// A chapter, counted from the first sample given.
  public struct Chapter: Sendable, Hashable {
    public let start: Duration
    public let end: Duration
    public let title: String?

    /// A chapter.
    public init(start: Duration, end: Duration, title: String?) {
      self.start = start
      self.end = end
      self.title = title
    }
  }

  /// The cover picture, as the file had it attached: never decoded, so its bytes are the uploader's own.
  public struct Picture: Sendable, Hashable {
    /// `image/jpeg` or `image/png`; the bytes begin as that type must.
    public let mediaType: String
    /// At most 5 MB.
    public let bytes: [UInt8]
  }

  /// What the session gives.
  public internal(set) var delivery = Delivery.pcm
  /// The container's short ASCII name, such as `mov`.
  public internal(set) var container = ""
  /// The codec's short ASCII name, such as `aac`.
  public internal(set) var codec = ""
  /// The rate of what the session gives, in Hz.
  public internal(set) var sampleRate = 0
  /// The channels of what the session gives: 1 or 2.
  public internal(set) var channels = 0
  /// The rate of the source, in Hz.
  public internal(set) var sourceRate = 0
  /// The channels of the source.
  public internal(set) var sourceChannels = 0
  /// What the container says about its duration. It is often wrong: a hint for a progress bar, no more.
  public internal(set) var declaredDuration: Duration?
  /// What the file says about itself.
  public internal(set) var tags = SourceTags()
  /// At most 1000, in the file's order.
  public internal(set) var chapters: [Chapter] = []
  /// The attached cover picture.
  public internal(set) var picture: Picture?
  /// How many audio tracks the file has.
  public internal(set) var trackCount = 0
  /// The chosen one, from 1.
  public internal(set) var chosenTrack = 0
  /// The silence that the session gives first, since the audio begins later than the rest of the file.
  public internal(set) var startOffset = Duration.zero

  init() {}
}

/// The tags that an MP3 keeps, each at most 4 KiB of UTF-8, all at most 64 KiB.
public struct SourceTags: Sendable, Hashable {
  public internal(set) var title: String?
  public internal(set) var artist: String?
  public internal(set) var album: String?
  public internal(set) var albumArtist: String?
  public internal(set) var date: String?
  public internal(set) var genre: String?
  public internal(set) var track: String?
  public internal(set) var comment: String?
  public internal(set) var composer: String?
  public internal(set) var copyright: String?
  /// The chosen track's language, an ISO 639-2 code where the file is right.
  public internal(set) var language: String?

  init() {}
}

/// What came out of a file in all.
public struct DecodeSummary: Sendable, Hashable {
  /// Samples (per channel) that the session gave; in frames given as they were, those that the frames hold.
  public internal(set) var samples = 0
  /// Packets that could not be decoded and were left out.
  public internal(set) var warnings = 0
  /// What was wrong with the first of them.
  public internal(set) var firstWarning: String?
  /// Samples at the begin that a player must drop: frames given as they were only, else 0.
  public internal(set) var encoderDelay = 0
  /// Samples at the end that a player must drop: frames given as they were only, else 0.
  public internal(set) var encoderPadding = 0

  init() {}
}
