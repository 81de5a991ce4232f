/// An audio track as far as choosing goes.
struct AudioTrack: Equatable {
  /// Its number among all the file's streams.
  var stream: Int
  var language: String?
  /// Whether the container says that players should take it.
  var isDefault: Bool
  /// Whether its codec is known and allowed.
  var isDecodable: Bool
  /// Whether its head told a rate and channels, so that there are packets behind it.
  var hasFormat: Bool
}

/// Which audio track is converted: the one asked for by number; else the best one in the language asked for; else the
/// best one of all. A track that can be decoded is better than one that can't; then one whose format is known, then one
/// that is the container's default; then the first.
enum TrackChoice {
  /// The index of the chosen one in `tracks`. Throws `noAudioTrack` or `noSuchTrack`.
  static func choose(_ request: DecodeRequest, among tracks: [AudioTrack]) throws(DecodeFailure) -> Int {
    guard !tracks.isEmpty else { throw DecodeFailure(.noAudioTrack) }
    if let number = request.track {
      guard tracks.indices.contains(number - 1) else { throw noSuchTrack(number, of: tracks.count) }
      return number - 1
    }
    guard let language = request.language else { return best(tracks.indices, of: tracks)! }
    let spoken = tracks.indices.filter { LanguageCode.areSame(tracks[$0].language, language) }
    guard let chosen = best(spoken, of: tracks) else {
      throw DecodeFailure(.noSuchTrack, "the file has no audio track in the language \(language)")
    }
    return chosen
  }

  private static func best(_ candidates: some Sequence<Int>, of tracks: [AudioTrack]) -> Int? {
    candidates.min { (rank(tracks[$0]), $0) < (rank(tracks[$1]), $1) }
  }

  /// The lower the better.
  private static func rank(_ track: AudioTrack) -> Int {
    (track.isDecodable ? 0 : 4) + (track.hasFormat ? 0 : 2) + (track.isDefault ? 0 : 1)
  }

  private static func noSuchTrack(_ number: Int, of count: Int) -> DecodeFailure {
    let tracks = count == 1 ? "one audio track" : "\(count) audio tracks"
    return DecodeFailure(.noSuchTrack, "the file has no audio track \(number), it has \(tracks)")
  }
}
