import Spool

/// An MP3 as clients see it: all of its result but what has a path of its own.
struct ResultView: Encodable, Sendable {
  let track: Int
  let language: String?
  let sha256: String
  let byteCount: Int64
  let duration: Double
  let sampleRate: Int
  let channels: Int
  let bitrate: Int
  let loudness: Double?
  let container: String
  let codec: String
  let warnings: [String]
  let copied: Bool
  let output: String
  let tags: ResultTags?
  let chapters: [ResultChapter]?
  let cover: Cover?
  let otherTracks: [ResultView]?

  /// The cover, of which nobody needs to know where in the MP3 it is.
  struct Cover: Encodable, Sendable {
    let type: String
    let length: Int64
  }

  init(_ result: JobResult) {
    track = result.track
    language = result.language
    sha256 = result.sha256
    byteCount = result.byteCount
    duration = result.duration
    sampleRate = result.sampleRate
    channels = result.channels
    bitrate = result.bitrate
    loudness = result.loudness
    container = result.container
    codec = result.codec
    warnings = result.warnings
    copied = result.copied
    output = result.output
    tags = result.tags
    chapters = result.chapters
    cover = result.cover.map { Cover(type: $0.type, length: $0.length) }
    otherTracks = result.otherTracks.map { $0.map { ResultView($0) } }
  }
}
