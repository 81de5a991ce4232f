/// Measures how loud audio is, while it passes, for a fifth of the time that a `LoudnessMeter` takes, and without true peaks.
///
/// ReplayGain 2.0 wants just that: the integrated loudness of ITU-R BS.1770-4, and the loudest sample. It is made from the
/// recommendation itself and agrees with `LoudnessMeter`, which libebur128 measures for. The memory in use does not depend on
/// the length of the audio, nor what is measured on the pieces in which it comes. Mono is one channel: 3 LU below the same
/// signal on two.
public struct ReplayGainMeter: ~Copyable {
  private let channels: Int
  /// Mono goes through as two channels that are the same, since a second one costs nothing.
  private var frames = FrameBlock(channels: 2)
  private var loudness: IntegratedLoudness

  /// Starts a measurement of 1 or 2 channels.
  ///
  /// - Throws: where `sampleRate` is not from 8000 to 192000, or `channels` is neither 1 nor 2.
  public init(sampleRate: Int, channels: Int) throws(LoudnessError) {
    try LoudnessError.check(sampleRate: sampleRate, channels: channels)
    self.channels = channels
    loudness = IntegratedLoudness(sampleRate: sampleRate, channels: channels)
  }

  /// Takes PCM, full scale ±1.0: as many samples in `left` as in `right`, or anything in `right` for mono.
  ///
  /// NaN counts as silence, and what is louder than 24 dB over full scale as that loud.
  public mutating func add(_ left: Span<Float>, _ right: Span<Float>) {
    frames.pass(left, channels == 1 ? left : right) { frames in loudness.add(frames) }
  }

  /// How loud all is that was added so far, without a true peak.
  public var measured: MeasuredLoudness {
    MeasuredLoudness(integrated: loudness.integrated, samplePeak: frames.peak, truePeak: nil)
  }
}
