import WireFormats

/// How many bits the encoder spends on a second of audio.
public enum BitrateMode: Sendable, Hashable {
  /// LAME's VBR scale, 0 (best, about 245 kbit/s for stereo at 44.1 kHz) to 9 (smallest, about 65 kbit/s).
  case variable(quality: Int)
  /// The same bit rate for every frame, in kbit/s.
  case constant(kilobitsPerSecond: Int)
  /// A bit rate that holds on average, in kbit/s.
  case average(kilobitsPerSecond: Int)
}

/// The kind of MP3 to make.
///
/// The sample rate and the channels of the MP3 are those of the PCM: this module neither resamples nor mixes.
public struct EncoderSettings: Sendable, Hashable {
  /// Samples per second and channel: one of `MP3Rates.all`.
  public let sampleRate: Int
  /// 1, mono, or 2, joint stereo.
  public let channels: Int
  /// How many bits to spend. Constant and average bit rates are ones that MP3 has at `sampleRate`.
  public let mode: BitrateMode

  /// Settings that LAME accepts.
  ///
  /// MP3 has only certain bit rates, and fewer at low sample rates: 32 to 320 kbit/s from 32 kHz up, 8 to 160 kbit/s from 16 to
  /// 24 kHz, 8 to 64 kbit/s below. A constant or average bit rate that does not exist at `sampleRate` is moved to the nearest
  /// one, and to the higher of two that are equally near.
  ///
  /// - Throws: where the sample rate does not exist in MP3, `channels` is neither 1 nor 2, the VBR quality is outside 0...9, or
  ///   a bit rate is not positive.
  public init(sampleRate: Int, channels: Int, mode: BitrateMode) throws(EncoderError) {
    guard let version = MPEGVersion(sampleRate: sampleRate) else {
      throw EncoderError("MP3 has no sample rate of \(sampleRate) Hz.")
    }
    guard channels == 1 || channels == 2 else {
      throw EncoderError("An MP3 has 1 or 2 channels, not \(channels).")
    }
    self.sampleRate = sampleRate
    self.channels = channels
    self.mode = try mode.fitted(to: version)
  }

  /// The part of MPEG audio that has `sampleRate`.
  var version: MPEGVersion {
    guard let version = MPEGVersion(sampleRate: sampleRate) else {
      preconditionFailure("init checked the sample rate")
    }
    return version
  }
}

extension BitrateMode {
  fileprivate func fitted(to version: MPEGVersion) throws(EncoderError) -> BitrateMode {
    switch self {
    case .variable(let quality):
      guard (0...9).contains(quality) else {
        throw EncoderError("The VBR quality is a number from 0 to 9, not \(quality).")
      }
      return self
    case .constant(let rate): return .constant(kilobitsPerSecond: try version.nearestBitrate(to: rate))
    case .average(let rate): return .average(kilobitsPerSecond: try version.nearestBitrate(to: rate))
    }
  }
}

extension MPEGVersion {
  /// The bit rates that LAME encodes: for MPEG-2.5 it stops at 64 kbit/s (lame(1), "-b").
  var encoderBitrates: [Int] { self == .mpeg25 ? Array(bitrates.prefix(8)) : bitrates }

  fileprivate func nearestBitrate(to wanted: Int) throws(EncoderError) -> Int {
    guard wanted > 0 else { throw EncoderError("A bit rate is a positive number of kbit/s, not \(wanted).") }
    return encoderBitrates.reversed().min { abs($0 - wanted) < abs($1 - wanted) }!
  }
}
