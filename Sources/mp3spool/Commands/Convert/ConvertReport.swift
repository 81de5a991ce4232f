import Converter
import Decoder
import MP3Encoder
import WireFormats

/// What `--json` says of an MP3.
struct ConvertReport: Encodable {
  let input: String
  let state = "done"
  let output: String
  let track: Int
  let language: String?
  let duration: Double
  let bytes: Int
  let bitrate: Int
  let loudness: Double?
  let sampleRate: Int
  let channels: Int
  let copied: Bool
  let warnings: [String]

  init(_ outcome: ConversionOutcome, of input: Place, _ target: Place) {
    let (source, encoded) = (outcome.source, outcome.encoded)
    (self.input, output) = (input.description, target.description)
    (track, language) = (source.chosenTrack, source.tags.language)
    (duration, bytes) = (encoded.duration / .seconds(1), encoded.byteCount)
    bitrate = Int((encoded.averageBitrate * 1000).rounded())
    (sampleRate, channels) = (encoded.sampleRate, encoded.channels)
    (loudness, copied, warnings) = (outcome.loudness, outcome.copied, outcome.warnings)
  }

  /// `1:01, 1.2 MB, 160 kbit/s`.
  var summary: String {
    "\(Readable.duration(duration)), \(Readable.bytes(Int64(bytes))), \((bitrate + 500) / 1000) kbit/s"
  }
}

/// What `--json` says of a file that gave no MP3.
struct OmittedReport: Encodable {
  let input: String
  /// `skipped` or `failed`.
  let state: String
  let error: String?
  /// The exit code that this file alone would give.
  let exitCode: Int32

  init(skipped input: Place) { (self.input, state, error, exitCode) = (input.description, "skipped", nil, 0) }

  init(_ problem: Problem, of input: Place) {
    (self.input, state) = (input.description, "failed")
    (error, exitCode) = (problem.sentence, problem.exitCode)
  }
}

/// What `--dry-run --json` says of an MP3 that would be made.
struct RehearsalReport: Encodable {
  let input: String
  /// `planned`, or `skipped` where the MP3 is there already.
  let state: String
  let output: String?
  let track: Int
  let tracks: Int
  let language: String?
  let container: String
  let codec: String
  /// What the container says of it; often wrong.
  let duration: Double?
  let sampleRate: Int
  let channels: Int
  let copied: Bool
  let options: ConversionOptions

  init(_ source: SourceDescription, of input: Place, _ target: Place?, _ options: ConversionOptions) {
    (self.input, output) = (input.description, target?.description)
    state = target == nil ? "skipped" : "planned"
    (track, tracks, language) = (source.chosenTrack, source.trackCount, source.tags.language)
    (container, codec) = (source.container, source.codec)
    duration = source.declaredDuration.map { $0 / .seconds(1) }
    (sampleRate, channels, copied) = (source.sampleRate, source.channels, source.delivery == .mp3Frames)
    self.options = options
  }

  /// `talk.mov → talk.mp3: mov, aac, track 1 of 2 (deu), 1:01, 44100 Hz, 2 channels, v2`.
  var sentence: String {
    let speech = language.map { " (\($0))" } ?? ""
    let length = duration.map { ", \(Readable.duration($0))" } ?? ""
    let way = copied ? "taken over as it is" : options.preset.name
    let goal = output ?? "skipped, its MP3 is there already"
    return
      "\(input) → \(goal): \(container), \(codec), track \(track) of \(tracks)\(speech)\(length), \(sampleRate) Hz, "
      + "\(channels == 1 ? "mono" : "stereo"), \(way)"
  }
}

/// The last line that `--json` says, of several files.
struct ConvertSummary: Encodable {
  var files = 0
  var done = 0
  var skipped = 0
  var failed = 0
  var seconds = 0.0
  var exitCode: Int32 = 0

  var sentence: String {
    let left = skipped > 0 ? ", \(skipped) skipped" : ""
    let lost = failed > 0 ? ", \(failed) failed" : ""
    return "\(Readable.count(files, "file")): \(done) converted\(left)\(lost), in \(Readable.duration(seconds))"
  }
}
