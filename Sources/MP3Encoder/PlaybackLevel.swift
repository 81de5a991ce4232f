/// How loud an MP3 is, for players that play all equally loud.
public struct PlaybackLevel: Sendable, Hashable {
  /// What a player is to add to the level, in dB: -18 less the loudness of the whole in LUFS.
  ///
  /// The Info frame has it in tenths from -51 to 51 dB, and what is beyond is moved there. It does not tell NaN.
  public var replayGain: Double
  /// The loudest sample of the PCM, 1.0 at full scale.
  public var peak: Float

  public init(replayGain: Double, peak: Float) {
    self.replayGain = replayGain
    self.peak = peak
  }
}

extension PlaybackLevel {
  /// The peak, in 2⁻²³ of full scale.
  ///
  /// The specification of the tag has a floating-point number here, but lame 3.100 writes this (VbrTag.c,
  /// nPeakSignalAmplitude), and players expect it (ffmpeg's mp3dec.c, mutagen). 0 says that it is not known.
  var peakField: UInt32 {
    let units = (Double(peak) * 0x80_0000).rounded()
    return units > 0 ? UInt32(min(units, 0xFFFF_FFFF)) : 0
  }

  /// The ReplayGain of the track: three bits say so, three that it was measured and not set by somebody, one is the sign, and
  /// nine are tenths of a dB. 0 says nothing.
  var gainField: UInt16 {
    let (track, measured, minus) = (UInt16(1) << 13, UInt16(3) << 10, UInt16(1) << 9)
    guard !replayGain.isNaN else { return 0 }
    // The nine bits end at 511, but lame 3.100 stops at 510.
    let tenths = Int(min(max((replayGain * 10).rounded(), -510), 510))
    return track | measured | (tenths < 0 ? minus : 0) | UInt16(tenths.magnitude)
  }
}
