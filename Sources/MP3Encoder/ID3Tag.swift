/// What an MP3 says about itself: the text, the chapters and the picture of its ID3v2.4 tag.
///
/// Only NUL is taken out of the texts, since it ends a text in ID3; other control characters are the caller's business.
public struct ID3Tag: Sendable, Equatable {
  public var title: String?
  public var artist: String?
  public var album: String?
  public var albumArtist: String?
  /// As ID3v2.4 has it: `2024`, `2024-05`, `2024-05-31T18:00:00`.
  public var date: String?
  public var genre: String?
  /// The track's number, alone or with the number of tracks: `3`, `3/12`.
  public var track: String?
  public var comment: String?
  public var composer: String?
  public var copyright: String?
  /// Three letters of ISO 639-2: `eng`.
  public var language: String?
  public var chapters: [Chapter]
  public var picture: Picture?

  /// A part of the audio with a name of its own.
  public struct Chapter: Sendable, Equatable {
    public var start: Duration
    public var end: Duration
    public var title: String?

    public init(start: Duration, end: Duration, title: String?) {
      self.start = start
      self.end = end
      self.title = title
    }
  }

  /// The front cover.
  public struct Picture: Sendable, Equatable {
    /// `image/jpeg` or `image/png`.
    public var mediaType: String
    public var bytes: [UInt8]

    public init(mediaType: String, bytes: [UInt8]) {
      self.mediaType = mediaType
      self.bytes = bytes
    }
  }

  /// A tag that says nothing yet.
  public init() {
    chapters = []
  }
}
