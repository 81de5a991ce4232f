/// How many channels the PCM has.
public enum ChannelChoice: UInt8, Sendable, Hashable, CaseIterable {
  /// One for a mono source, two for every other.
  case source
  /// One.
  case mono
  /// Two.
  case stereo
  /// One for a mono source, and for a source of two channels that are the same in each sample of the whole file; two for
  /// every other.
  ///
  /// To know it, the file is decoded up to the first sample in which they differ: at once in true stereo, a whole decode
  /// more where they are the same.
  case auto
}

/// What is wanted of a file.
public struct DecodeRequest: Sendable, Hashable {
  /// The audio track, counted from 1 among the audio tracks; nil chooses by language or by the container's default.
  public var track: Int?
  /// The language of the audio track, an ISO 639 code of two or three letters; `track` goes before it.
  public var language: String?
  /// The rate of the PCM in Hz; nil takes the source's. One that MP3 does not have becomes the nearest lower one.
  public var rate: Int?
  /// The channels of the PCM.
  public var channels: ChannelChoice
  /// Whether an MP3 source may be passed on frame by frame instead of as PCM. It is only where each frame has the same
  /// rate and channels, `rate` and `channels` ask for nothing else, and the whole file is wanted.
  public var allowsCopy: Bool
  /// What the job may take.
  public var limits: DecodeLimits
  /// Where the wanted part begins, from the container's start; nil for the begin.
  ///
  /// The part is what the whole would have at that place, to the sample. Where the container has an index of evenly spaced
  /// packets (MP4, MOV) what is before is not read, otherwise it is decoded and left out. After a jump a decoder's noise,
  /// which it makes up, may be another.
  public var start: Duration?
  /// Where the wanted part ends, likewise; its sample is the first that is not given. Nil for the end.
  public var end: Duration?

  /// A request; without arguments the container's default track as PCM at the source's rate and channels.
  public init(
    track: Int? = nil, language: String? = nil, rate: Int? = nil, channels: ChannelChoice = .source,
    allowsCopy: Bool = false, limits: DecodeLimits = DecodeLimits(), start: Duration? = nil, end: Duration? = nil
  ) {
    self.track = track
    self.language = language
    self.rate = rate
    self.channels = channels
    self.allowsCopy = allowsCopy
    self.limits = limits
    (self.start, self.end) = (start, end)
  }
}

/// What one job may take. The defaults suit ordinary videos of up to 12 hours.
///
/// A decoder has one thread, whatever is set here: its jail allows no other.
public struct DecodeLimits: Sendable, Hashable {
  /// Streams of all kinds that a file may have.
  public var streams = 64
  /// Bytes that may be read to find out what the file is.
  public var probeBytes = 5 << 20
  /// Media time that may be read to find out what the file is.
  public var analyzeDuration = Duration.seconds(10)
  /// Bytes that libav* may allocate at once.
  public var allocation = 256 << 20
  /// Bytes of address space beyond what the decoder's libraries take.
  public var addressSpace = 512 << 20
  /// Seconds of processor time.
  public var cpuSeconds = 1800
  /// Media time that is given: the samples are no more than this and the rate allow.
  public var maximumDuration = Duration.seconds(12 * 3600)
  /// How long the reader waits for the file's description, and again in all for what follows. To the latter comes half
  /// the duration of what was decoded and of what lies before the wanted part, to the former half of `maximumDuration`
  /// where `ChannelChoice.auto` has the file decoded first. Time in which the decoder waits for the reader does not count.
  public var wallClock = Duration.seconds(60)

  /// The defaults.
  public init() {}
}
