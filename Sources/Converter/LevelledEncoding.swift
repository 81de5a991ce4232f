import Decoder
import DurableFiles
import Loudness
import MP3Encoder

/// An MP3 in the making whose loudness is measured on the way, for ReplayGain, and set before where that is wanted; and
/// whose peaks are found, for a picture of it.
struct LevelledEncoding: ~Copyable {
  private var encoding: MP3Encoding<MP3File>
  private var meter: ReplayGainMeter
  private var waveform: WaveformMeter
  private var levelling: Levelling?

  /// - Parameter normalization: what is to be done to the samples; nil for nothing.
  init(
    _ encoding: consuming MP3Encoding<MP3File>, of source: SourceDescription, _ normalization: Normalization?
  ) throws {
    let meter = try ReplayGainMeter(sampleRate: source.sampleRate, channels: source.channels)
    let levelling = try makeLevelling(normalization, of: source)
    self.encoding = encoding
    self.meter = meter
    self.waveform = WaveformMeter(channels: source.channels)
    self.levelling = levelling
  }

  mutating func append(_ left: Span<Float>, _ right: Span<Float>) throws(MP3Failure<FileError>) {
    guard var levelling = levelling.take() else { return try encode(left, right) }
    try levelling.process(left, right) { left, right throws(MP3Failure<FileError>) in try encode(left, right) }
    self.levelling = consume levelling
  }

  /// Encodes what is left, and synchronizes and closes the file.
  ///
  /// - Returns: what the MP3 is, its integrated loudness in LUFS where it has one, and its peaks as `WaveformMeter` has them.
  consuming func finish() throws -> (MP3Summary, loudness: Double?, peaks: [UInt8]) {
    if let levelling = levelling.take() {
      try levelling.finish { left, right throws(MP3Failure<FileError>) in try encode(left, right) }
    }
    let (measured, peaks) = (meter.measured, waveform.peaks)
    let level = measured.replayGain.map { PlaybackLevel(replayGain: $0, peak: measured.samplePeak) }
    let finished = try encoding.finish(level: level)
    let summary = finished.summary
    try finished.takeOutput().close()
    return (summary, measured.integrated, peaks)
  }

  private mutating func encode(_ left: Span<Float>, _ right: Span<Float>) throws(MP3Failure<FileError>) {
    meter.add(left, right)
    waveform.add(left, right)
    try encoding.append(left, right)
  }
}

/// Measures how loud a source is, or would be once it is levelled.
struct LevelMeter: ~Copyable {
  private var meter: LoudnessMeter
  private var levelling: Levelling?

  init(of source: SourceDescription, after normalization: Normalization?) throws {
    let meter = try LoudnessMeter(
      sampleRate: source.sampleRate, channels: source.channels, measuresTruePeak: true)
    let levelling = try makeLevelling(normalization, of: source)
    self.meter = meter
    self.levelling = levelling
  }

  mutating func add(_ left: Span<Float>, _ right: Span<Float>) {
    guard var levelling = levelling.take() else { return meter.add(left, right) }
    levelling.process(left, right) { left, right in meter.add(left, right) }
    self.levelling = consume levelling
  }

  consuming func finish() -> MeasuredLoudness {
    if let levelling = levelling.take() { levelling.finish { left, right in meter.add(left, right) } }
    return meter.measured
  }
}

/// What does `normalization` to the samples of a source; nil where there is nothing to do.
private func makeLevelling(
  _ normalization: Normalization?, of source: SourceDescription
) throws(LoudnessError) -> Levelling? {
  guard let normalization else { return nil }
  return try Levelling(normalization, sampleRate: source.sampleRate, channels: source.channels)
}
