/// Why audio could not be measured or levelled: what is wrong with the numbers, or that there was no memory.
public struct LoudnessError: Error, Sendable, Hashable, CustomStringConvertible {
  /// A whole sentence for the person who reads the log.
  public let description: String

  init(_ description: String) {
    self.description = description
  }
}

extension LoudnessError {
  /// Throws where audio is none that can be measured and levelled.
  static func check(sampleRate: Int, channels: Int) throws(LoudnessError) {
    guard (8000...192_000).contains(sampleRate) else { throw .sampleRate(sampleRate) }
    guard channels == 1 || channels == 2 else { throw .channels(channels) }
  }

  private static func channels(_ count: Int) -> LoudnessError {
    LoudnessError("Loudness is measured of 1 or 2 channels, not of \(count).")
  }

  private static func sampleRate(_ rate: Int) -> LoudnessError {
    LoudnessError("Loudness is measured at 8000 to 192000 samples per second, not at \(rate).")
  }

  static func target(_ target: Double) -> LoudnessError {
    let range = Normalization.targets
    return LoudnessError(
      "The loudness to level to is from \(range.lowerBound) to \(range.upperBound) LUFS, not \(target).")
  }

  static let outOfMemory = LoudnessError("libebur128 could not get the memory for a measurement.")
}
