public import FoundationEssentials
public import WireFormats

/// What is known of one job: what its sidecar says, where it stands, and what came of it.
///
/// The spool's directories are the truth; a record is what an index keeps of them.
public struct JobRecord: Sendable, Equatable, Codable, Identifiable {
  public var id: JobID
  public var state: JobState
  /// How often the job was taken back before, from 0.
  public var attempt: Int
  /// Who sent it: a user's email, or the name that the drop policy gives.
  public var owner: String
  /// The original file name.
  public var name: String
  /// The size of the source in bytes.
  public var size: Int64
  /// The source's SHA-256 in lower-case hexadecimal, where it is known.
  public var sha256: String?
  public var options: ConversionOptions
  public var origin: JobOrigin
  public var submittedAt: Date
  /// The converter that owns the job, while it is active.
  public var host: String?
  public var finishedAt: Date?
  /// The name of the job's directory within the directory of its state.
  public var directory: String
  /// The name that the MP3 was linked to for people, in the directory of finished jobs.
  public var exportedName: String?
  public var result: JobResult?
  public var failure: JobFailure?
  /// The request that the job came with, where it is known.
  public var request: RequestID?

  public init(
    id: JobID, state: JobState, attempt: Int, owner: String, name: String, size: Int64, sha256: String? = nil,
    options: ConversionOptions, origin: JobOrigin, submittedAt: Date, host: String? = nil, finishedAt: Date? = nil,
    directory: String, exportedName: String? = nil, result: JobResult? = nil, failure: JobFailure? = nil,
    request: RequestID? = nil
  ) {
    self.id = id
    self.state = state
    self.attempt = attempt
    self.owner = owner
    self.name = name
    self.size = size
    self.sha256 = sha256
    self.options = options
    self.origin = origin
    self.submittedAt = submittedAt
    self.host = host
    self.finishedAt = finishedAt
    self.directory = directory
    self.exportedName = exportedName
    self.result = result
    self.failure = failure
    self.request = request
  }
}

/// How a job came in.
public enum JobOrigin: String, Sendable, Hashable, Codable, CaseIterable {
  /// Somebody with a name sent it over HTTP or with `submit`.
  case upload
  /// A file that lay in the spool's incoming directory was adopted.
  case drop
}

/// A conversion that yielded an MP3: what was made, of what, and how.
public struct JobResult: Sendable, Equatable, Codable {
  /// The number of the source's audio track, from 1.
  public var track: Int
  /// The language of the track, an ISO 639-2 code where the source is right.
  public var language: String?
  /// The MP3's SHA-256 in lower-case hexadecimal.
  public var sha256: String
  /// The MP3's size in bytes.
  public var byteCount: Int64
  /// The length of the audio in seconds, counted in decoded samples.
  public var duration: Double
  /// The MP3's sample rate in Hz.
  public var sampleRate: Int
  /// 1 or 2.
  public var channels: Int
  /// The MP3's mean bit rate in bits per second.
  public var bitrate: Int
  /// The MP3's integrated loudness (EBU R 128) in LUFS; nil where it is silent, very short, or was copied.
  public var loudness: Double?
  /// The source's container format, as libavformat calls it.
  public var container: String
  /// The codec of the source's audio, as libavcodec calls it.
  public var codec: String
  /// What went wrong on the way and yet was survived, a sentence each.
  public var warnings: [String]
  /// The source's MP3 frames were taken over as they were.
  public var copied: Bool
  /// The MP3's path within the job's directory.
  public var output: String
  /// ``peaks`` in Base64.
  public var waveform: String?
  /// What the source says of itself, where it says anything, as the MP3's tag has it, but shortened.
  public var tags: ResultTags?
  /// The MP3's chapters, where the source has some; the first ones of very many.
  public var chapters: [ResultChapter]?
  /// Where in the MP3 the cover is.
  public var cover: ResultCover?
  /// The MP3s of the source's other tracks, where all of them were asked for.
  public var otherTracks: [JobResult]?

  public init(
    track: Int = 1, language: String? = nil, sha256: String, byteCount: Int64, duration: Double, sampleRate: Int,
    channels: Int, bitrate: Int, loudness: Double? = nil, container: String, codec: String, warnings: [String] = [],
    copied: Bool = false, peaks: [UInt8]? = nil, output: String
  ) {
    self.track = track
    self.language = language
    self.sha256 = sha256
    self.byteCount = byteCount
    self.duration = duration
    self.sampleRate = sampleRate
    self.channels = channels
    self.bitrate = bitrate
    self.loudness = loudness
    self.container = container
    self.codec = codec
    self.warnings = warnings
    self.copied = copied
    self.output = output
    waveform = peaks.map { Data($0).base64EncodedString() }
  }

  public init(from decoder: any Swift.Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    // Version 0.1 did not write it: it converted the track that players choose, and counted none.
    track = try values.decodeIfPresent(Int.self, forKey: .track) ?? 1
    language = try values.decodeIfPresent(String.self, forKey: .language)
    sha256 = try values.decode(String.self, forKey: .sha256)
    byteCount = try values.decode(Int64.self, forKey: .byteCount)
    duration = try values.decode(Double.self, forKey: .duration)
    sampleRate = try values.decode(Int.self, forKey: .sampleRate)
    channels = try values.decode(Int.self, forKey: .channels)
    bitrate = try values.decode(Int.self, forKey: .bitrate)
    loudness = try values.decodeIfPresent(Double.self, forKey: .loudness)
    container = try values.decode(String.self, forKey: .container)
    codec = try values.decode(String.self, forKey: .codec)
    warnings = try values.decode([String].self, forKey: .warnings)
    copied = try values.decode(Bool.self, forKey: .copied)
    output = try values.decode(String.self, forKey: .output)
    waveform = try values.decodeIfPresent(String.self, forKey: .waveform)
    tags = try values.decodeIfPresent(ResultTags.self, forKey: .tags)
    chapters = try values.decodeIfPresent([ResultChapter].self, forKey: .chapters)
    cover = try values.decodeIfPresent(ResultCover.self, forKey: .cover)
    otherTracks = try values.decodeIfPresent([JobResult].self, forKey: .otherTracks)
  }

  /// The highest samples in each of up to 400 equal parts of the MP3's time, 255 for full scale; nil where its frames were
  /// copied, or an older version made it.
  public var peaks: [UInt8]? { waveform.flatMap(Base64.decode) }

  /// Of every MP3 that was made, in the order of the source's tracks.
  public var all: [JobResult] { [self] + (otherTracks ?? []) }
}

/// Why an attempt at a job, or the whole job, was given up.
public struct JobFailure: Sendable, Hashable, Codable {
  /// A short word for programs, such as `no-audio`.
  public var code: String
  /// A sentence for people.
  public var sentence: String
  /// Another attempt would end the same way.
  public var isCertain: Bool
  /// The host is at fault, its disk or its file server, and not the file.
  public var isOfHost: Bool
  /// The attempt that failed, from 0.
  public var attempt: Int

  public init(code: String, sentence: String, isCertain: Bool, isOfHost: Bool = false, attempt: Int = 0) {
    self.code = code
    self.sentence = sentence
    self.isCertain = isCertain
    self.isOfHost = isOfHost
    self.attempt = attempt
  }

  public init(from decoder: any Swift.Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    code = try values.decode(String.self, forKey: .code)
    sentence = try values.decode(String.self, forKey: .sentence)
    isCertain = try values.decode(Bool.self, forKey: .isCertain)
    // Version 0.1 did not write it.
    isOfHost = try values.decodeIfPresent(Bool.self, forKey: .isOfHost) ?? false
    attempt = try values.decode(Int.self, forKey: .attempt)
  }
}

/// How far the conversion of a job is. Times are seconds.
public struct JobProgress: Sendable, Equatable, Codable {
  /// How much of the source's time is done.
  public var position: Double
  /// From 0 to 1; nil where the source does not say how long it is.
  public var fraction: Double?
  /// Seconds of audio per second.
  public var speed: Double
  /// How much longer it will take; nil where the source does not say how long it is.
  public var timeLeft: Double?

  public init(position: Double, fraction: Double?, speed: Double, timeLeft: Double?) {
    self.position = position
    self.fraction = fraction
    self.speed = speed
    self.timeLeft = timeLeft
  }
}
