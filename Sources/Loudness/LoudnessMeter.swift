/// Measures how loud audio is, while it passes, and how high its peaks are between the samples.
///
/// The memory in use does not depend on the length of the audio. Mono is measured as BS.1770 has it, as one channel: 3 LU below
/// the same signal on two. That is what ffmpeg's `ebur128` and `loudnorm` do too where not told otherwise.
public struct LoudnessMeter: ~Copyable {
  private let channels: Int
  private var library: EBUR128
  private var frames: FrameBlock
  /// One for each channel; none where true peaks are not measured.
  private var truePeaks: [RunningTruePeak]

  /// Starts a measurement of 1 or 2 channels.
  ///
  /// True peaks cost an eighth of the time that loudness does, and the more, the more often the audio comes near the highest
  /// peak that it had so far.
  ///
  /// - Throws: where `sampleRate` is not from 8000 to 192000, `channels` is neither 1 nor 2, or there is no memory.
  public init(sampleRate: Int, channels: Int, measuresTruePeak: Bool) throws(LoudnessError) {
    try LoudnessError.check(sampleRate: sampleRate, channels: channels)
    library = try EBUR128(sampleRate: sampleRate, channels: channels)
    self.channels = channels
    frames = FrameBlock(channels: channels)
    truePeaks = measuresTruePeak ? (0..<channels).map { _ in RunningTruePeak() } : []
  }

  /// Takes PCM, full scale ±1.0: as many samples in `left` as in `right`, or anything in `right` for mono.
  ///
  /// NaN counts as silence, and what is louder than 24 dB over full scale as that loud.
  public mutating func add(_ left: Span<Float>, _ right: Span<Float>) {
    frames.pass(left, right) { frames in library.add(frames) }
    guard !truePeaks.isEmpty else { return }
    truePeaks[0].add(left)
    if channels == 2 { truePeaks[1].add(right) }
  }

  /// How loud all is that was added so far.
  public var measured: MeasuredLoudness {
    MeasuredLoudness(
      integrated: library.integrated, samplePeak: frames.peak, truePeak: truePeaks.map(\.peakToTheEnd).max())
  }
}
