import Spool

/// An MP3 as clients see it: its result but for the waveform, which has a path of its own, and the cover's place in the MP3,
/// which nobody needs to know.
struct ResultView: Encodable, Sendable {
  private let result: JobResult
  private let cover: Cover?
  private let otherTracks: [ResultView]?

  private struct Cover: Encodable {
    let type: String
    let length: Int64
  }

  private enum CodingKeys: CodingKey { case cover, otherTracks }

  init(_ result: JobResult) {
    cover = result.cover.map { Cover(type: $0.type, length: $0.length) }
    otherTracks = result.otherTracks.map { $0.map { ResultView($0) } }
    var rest = result
    (rest.waveform, rest.cover, rest.otherTracks) = (nil, nil, nil)
    self.result = rest
  }

  func encode(to encoder: any Encoder) throws {
    try result.encode(to: encoder)
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encodeIfPresent(cover, forKey: .cover)
    try values.encodeIfPresent(otherTracks, forKey: .otherTracks)
  }
}
