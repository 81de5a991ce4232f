import WireFormats

/// What an Info frame says about a stream apart from its frames.
struct StreamDescription: Sendable, Hashable {
  let version: MPEGVersion
  let sampleRate: Int
  let channels: Int
  /// In kbit/s: the Info frame gets it, or the next higher one in which it has room.
  var infoBitrate = 0
  /// Whether all frames have the same bit rate.
  var isConstant = false
  /// Nine bytes.
  var encoderName = Self.name("LAME")
  /// 0 where it is not known, 1 constant, 2 average, 4 variable.
  var method: UInt8 = 0
  /// In Hz, 0 where it is not known.
  var lowpass = 0
  /// 0 to 100.
  var quality = 0
  var thresholdKind: UInt8 = 0
  var psychoacoustics: UInt8 = 0
  /// In kbit/s: the constant or average bit rate, or the lowest of a variable one.
  var nominalBitrate = 0
  /// LAME's noise shaping, 0 to 3.
  var noiseShaping: UInt8 = 0
  /// LAME's number of a preset, 0 for none.
  var preset = 0
  /// Samples that come out before the first that went in.
  var delay = 0
  /// How loud the stream is, where that is known.
  var level: PlaybackLevel?

  /// A stream of which nothing more is known.
  init(version: MPEGVersion, sampleRate: Int, channels: Int) {
    self.version = version
    self.sampleRate = sampleRate
    self.channels = channels
  }

  /// An encoder's name as the Info frame has it: cut or filled to nine bytes.
  static func name(_ name: String) -> [UInt8] {
    Array((Array(name.utf8) + [UInt8](repeating: UInt8(ascii: " "), count: 9)).prefix(9))
  }

  /// Bits 0 and 1: noise shaping; 2 to 4: mono (0) or joint stereo (3); 5: not the best that there is, which LAME says of all
  /// sample rates up to 32 kHz; 6 and 7: the source's sample rate.
  var miscellaneous: UInt8 {
    let source: UInt8 =
      switch sampleRate {
      case ...32000: 0b001
      case 44100: 0b010
      default: 0b100
      }
    return source << 5 | (channels == 1 ? 0 : 3) << 2 | noiseShaping
  }

  /// A frame header without CRC and without padding, marked as an original as LAME's frames are.
  func header(bitrateIndex: Int) -> [UInt8] {
    let versionField: UInt8 =
      switch version {
      case .mpeg1: 0b11
      case .mpeg2: 0b10
      case .mpeg25: 0b00
      }
    let rateIndex = version.sampleRates.firstIndex(of: sampleRate) ?? 0
    let mode: UInt8 = channels == 1 ? 0b11 : 0b01
    return [
      0xFF, 0xE0 | versionField << 3 | 0b01 << 1 | 1, UInt8(bitrateIndex << 4 | rateIndex << 2), mode << 6 | 0b100,
    ]
  }
}

extension StreamDescription {
  /// A stream that LAME encodes, described as LAME describes it.
  init(_ settings: EncoderSettings, _ choices: EncoderChoices) {
    self.init(version: settings.version, sampleRate: settings.sampleRate, channels: settings.channels)
    delay = choices.delay
    encoderName = Self.name(LAME.name)
    lowpass = choices.lowpass
    quality = choices.quality
    thresholdKind = choices.thresholdKind
    // Mono has no joint stereo that could be safe.
    psychoacoustics = channels == 1 ? choices.psychoacoustics & 0b01 : choices.psychoacoustics
    describe(settings.mode, choices)
  }

  /// The numbers are those that lame 3.100 writes; libmp3lame has no function that tells its noise shaping.
  private mutating func describe(_ mode: BitrateMode, _ choices: EncoderChoices) {
    infoBitrate =
      switch version {
      case .mpeg1: 128
      case .mpeg2: 64
      case .mpeg25: 32
      }
    switch mode {
    case .variable(let quality): (method, nominalBitrate, preset) = (4, choices.lowestBitrate, 500 - 10 * quality)
    case .constant(let rate):
      (method, nominalBitrate, preset) = (1, rate, rate)
      (isConstant, infoBitrate) = (true, rate)
    case .average(let rate): (method, nominalBitrate, preset) = (2, rate, rate)
    }
    noiseShaping = if case .variable = mode { 1 } else { nominalBitrate <= 160 ? 2 : 1 }
  }
}
