import Glibc

/// What is to be done to audio so that it is as loud as wanted, and its peaks are no trouble.
public struct Normalization: Sendable, Hashable {
  /// The loudness in LUFS that can be asked for: from where a measurement begins to count to what no music has.
  public static let targets = -70.0...(-5.0)

  /// The highest true peak that may come of it, in dBTP: EBU R 128's maximum permitted level.
  public static let ceiling = -1.0

  /// By how much the whole is to be amplified, in dB.
  public private(set) var gain: Double
  /// Whether peaks would be over the ceiling, so that they have to be held down where they are.
  public let needsLimiter: Bool
  /// In LUFS.
  private let target: Double

  /// Decides what makes audio that was `measured` as loud as `target` in LUFS.
  ///
  /// What has no loudness stays as it is: silence, and sounds that are too short to be measured. Where no true peak was
  /// measured, it may be anywhere, and a limiter is needed.
  ///
  /// - Throws: where `target` is not one of `targets`.
  public init(of measured: MeasuredLoudness, to target: Double) throws(LoudnessError) {
    guard Self.targets.contains(target) else { throw .target(target) }
    self.target = target
    guard let loudness = measured.integrated else {
      (gain, needsLimiter) = (0, false)
      return
    }
    gain = target - loudness
    let peak = measured.truePeak.map { 20 * log10(Double($0)) } ?? .infinity
    needsLimiter = peak + gain > Self.ceiling
  }

  /// The same with more gain for what the limiter took away, as `trial` shows: how loud the audio was after `Levelling`.
  ///
  /// A limiter makes audio quieter, the more, the farther its peaks are above its loudness: by less than 0.5 LU where it holds
  /// peaks down by up to 4 dB or so. A trial is worth its time only beyond.
  public func corrected(by trial: MeasuredLoudness) -> Normalization {
    guard needsLimiter, let loudness = trial.integrated else { return self }
    var corrected = self
    corrected.gain += min(max(target - loudness, 0), Self.mostCorrection)
    return corrected
  }

  /// In dB: what a limiter took beyond this, more gain would bring back as distortion only.
  private static let mostCorrection = 6.0
}
