/// How loud audio is.
public struct MeasuredLoudness: Sendable, Hashable {
  /// The loudness of the whole in LUFS; nil for silence, and for less than one block of 400 ms.
  ///
  /// ITU-R BS.1770: in blocks of 400 ms, of which those below -70 LUFS and those 10 LU below the rest don't count.
  public var integrated: Double?
  /// The loudest sample, 1.0 at full scale.
  public var samplePeak: Float
  /// The highest point of the curve through the samples, 1.0 at full scale; nil where it was not measured.
  public var truePeak: Float?

  public init(integrated: Double?, samplePeak: Float, truePeak: Float?) {
    self.integrated = integrated
    self.samplePeak = samplePeak
    self.truePeak = truePeak
  }

  /// What a player is to add to the level, in dB, so that all it plays is equally loud; nil where there is no loudness.
  ///
  /// ReplayGain 2.0: as loud as -18 LUFS, the 89 dB of the first ReplayGain.
  public var replayGain: Double? { integrated.map { -18 - $0 } }
}
