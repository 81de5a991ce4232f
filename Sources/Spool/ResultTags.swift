/// What an MP3's tag says of it, as far as a list shows that. Records are in lists and events: so the texts are short.
public struct ResultTags: Sendable, Hashable, Codable {
  public var title: String?
  public var artist: String?
  public var album: String?
  public var date: String?
  public var genre: String?
  public var comment: String?

  /// In characters: what is longer is cut there.
  public static let longestText = 500

  /// - Returns: nil where nothing is said.
  public init?(
    title: String? = nil, artist: String? = nil, album: String? = nil, date: String? = nil, genre: String? = nil,
    comment: String? = nil
  ) {
    self.title = title.flatMap(Self.short)
    self.artist = artist.flatMap(Self.short)
    self.album = album.flatMap(Self.short)
    self.date = date.flatMap(Self.short)
    self.genre = genre.flatMap(Self.short)
    self.comment = comment.flatMap(Self.short)
    let all = [self.title, self.artist, self.album, self.date, self.genre, self.comment]
    if all.allSatisfy({ $0 == nil }) { return nil }
  }

  fileprivate static func short(_ text: String) -> String? {
    text.isEmpty ? nil : String(text.prefix(longestText))
  }
}

/// A part of an MP3 with a title of its own. Times are seconds.
public struct ResultChapter: Sendable, Hashable, Codable {
  public var start: Double
  public var end: Double
  public var title: String?

  /// How many chapters a record has at most, and how many bytes of titles: `result.json` has to be read again.
  public static let most = 500
  private static let mostTitleBytes = 64 << 10

  public init(start: Double, end: Double, title: String?) {
    (self.start, self.end, self.title) = (start, end, title.flatMap(ResultTags.short))
  }

  /// The first of `chapters`, as many as there is room for; nil where there are none.
  public static func kept(of chapters: some Sequence<ResultChapter>) -> [ResultChapter]? {
    var room = mostTitleBytes
    let kept = Array(
      chapters.prefix(most).prefix { chapter in
        room -= chapter.title?.utf8.count ?? 0
        return room >= 0
      })
    return kept.isEmpty ? nil : kept
  }
}

/// The picture within an MP3's bytes.
public struct ResultCover: Sendable, Hashable, Codable {
  /// Its media type, as the tag says.
  public var type: String
  /// Of its first byte, counted from the MP3's first.
  public var offset: Int64
  /// In bytes.
  public var length: Int64

  public init(type: String, offset: Int64, length: Int64) {
    (self.type, self.offset, self.length) = (type, offset, length)
  }
}
