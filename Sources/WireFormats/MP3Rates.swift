/// The sampling rates that MP3 has (ISO 11172-3 and 13818-3, and the unofficial MPEG-2.5 ones of 12 kHz and below).
public enum MP3Rates {
  /// In Hz, from the highest down.
  public static let all = [48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000]

  /// The rate of the PCM for a source: its own where MP3 has it, else the nearest lower one, and 8000 Hz for less.
  public static func nearest(to rate: Int) -> Int { all.first { $0 <= rate } ?? 8000 }
}
