import Decoder
import MP3Encoder
import WireFormats

/// What the options ask of the decoder and of the encoder; the one place where their words meet.
struct ConversionPlan {
  let options: ConversionOptions

  /// Speech needs neither a second channel nor the treble.
  private static let voiceRate = 24_000
  private static let voiceQuality = 5

  var decodeRequest: DecodeRequest {
    var request = DecodeRequest()
    request.track = options.track
    request.language = options.language
    request.rate = options.rate ?? (options.preset == .voice ? Self.voiceRate : nil)
    request.channels = options.preset == .voice ? .mono : channels
    request.allowsCopy = allowsCopy
    return request
  }

  func encoderSettings(for source: SourceDescription) throws(EncoderError) -> EncoderSettings {
    try EncoderSettings(sampleRate: source.sampleRate, channels: source.channels, mode: mode)
  }

  /// Frames of an MP3 source may be taken over as they are, unless an option asks for something that only a new
  /// encoding gives.
  private var allowsCopy: Bool {
    options.rate == nil && options.channels == .source && options.preset == ConversionOptions().preset
  }

  private var channels: ChannelChoice {
    switch options.channels {
    case .source: .source
    case .mono: .mono
    case .stereo: .stereo
    case .auto: .auto
    }
  }

  private var mode: BitrateMode {
    switch options.preset {
    case .variable(let quality): .variable(quality: quality)
    case .constant(let kilobitsPerSecond): .constant(kilobitsPerSecond: kilobitsPerSecond)
    case .average(let kilobitsPerSecond): .average(kilobitsPerSecond: kilobitsPerSecond)
    case .voice: .variable(quality: Self.voiceQuality)
    }
  }
}

extension ID3Tag {
  /// The source's own tags, chapters and cover.
  init(_ source: SourceDescription) {
    self.init()
    let tags = source.tags
    (title, artist, album, albumArtist) = (tags.title, tags.artist, tags.album, tags.albumArtist)
    (date, genre, track, comment) = (tags.date, tags.genre, tags.track, tags.comment)
    (composer, copyright, language) = (tags.composer, tags.copyright, tags.language)
    chapters = source.chapters.map { Chapter(start: $0.start, end: $0.end, title: $0.title) }
    picture = source.picture.map { Picture(mediaType: $0.mediaType, bytes: $0.bytes) }
  }
}
