import Decoder
import MP3Encoder
import Spool

extension JobResult {
  /// Keeps what the MP3's tag says, for those who show it.
  mutating func describe(_ source: SourceDescription, _ encoded: MP3Summary) {
    let said = source.tags
    tags = ResultTags(
      title: said.title, artist: said.artist, album: said.album, date: said.date, genre: said.genre,
      comment: said.comment)
    chapters = ResultChapter.kept(
      of: source.chapters.lazy.map {
        ResultChapter(start: $0.start / .seconds(1), end: $0.end / .seconds(1), title: $0.title)
      })
    if let picture = source.picture, let place = encoded.picture {
      cover = ResultCover(type: picture.mediaType, offset: Int64(place.lowerBound), length: Int64(place.count))
    }
  }
}
