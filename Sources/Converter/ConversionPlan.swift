import Decoder
import MP3Encoder
import WireFormats

/// What the options ask of the decoder and of the encoder; the one place where their words meet.
struct ConversionPlan {
  let options: ConversionOptions
  let limits: DecodeLimits
  /// The track whose turn it is, where all are wanted.
  var track: Int?

  init(options: ConversionOptions, limits: DecodeLimits = DecodeLimits()) {
    self.options = options
    self.limits = limits
    track = if case .number(let number) = options.track { number } else { nil }
  }

  /// Speech needs neither a second channel nor the treble.
  private static let voiceRate = 24_000
  private static let voiceQuality = 5

  var decodeRequest: DecodeRequest {
    var request = DecodeRequest()
    request.limits = limits
    request.track = track
    request.language = options.language
    request.rate = options.rate ?? (options.preset == .voice ? Self.voiceRate : nil)
    request.channels = options.preset == .voice ? .mono : channels
    request.allowsCopy = allowsCopy
    (request.start, request.end) = (options.trim?.start, options.trim?.end)
    return request
  }

  /// Which parts of the whole work measuring and encoding a track are.
  func shares(of source: SourceDescription) -> (measuring: Range<Double>, encoding: Range<Double>) {
    let whole = 0.0..<1.0
    let share = options.track == .all ? whole.part(source.chosenTrack - 1, of: source.trackCount) : whole
    return share.split(at: options.loudness == nil ? 0 : ProgressMeter.measuringShare)
  }

  func encoderSettings(for source: SourceDescription) throws(EncoderError) -> EncoderSettings {
    try EncoderSettings(sampleRate: source.sampleRate, channels: source.channels, mode: mode)
  }

  /// What to say of an MP3 that is not as loud as wanted, in LUFS.
  func complaints(aboutLoudness loudness: Double?) -> [String] {
    guard let wanted = options.loudness, let loudness, abs(loudness - wanted) >= 1 else { return [] }
    let (found, asked) = (Self.oneDecimal(loudness), Self.oneDecimal(wanted))
    return ["its loudness is \(found) LUFS instead of \(asked): its peaks leave no room for more"]
  }

  private static func oneDecimal(_ number: Double) -> String { "\((number * 10).rounded() / 10)" }

  /// Frames of an MP3 source may be taken over as they are, unless an option asks for something that only a new
  /// encoding gives.
  private var allowsCopy: Bool {
    options.rate == nil && options.channels == .source && options.preset == ConversionOptions().preset
      && options.trim == nil && options.loudness == nil
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
