/// Gathers the wanted part of PCM into blocks and writes them to the pipe, with progress now and then.
struct PCMOutput {
  let rate: Int
  let channels: Int
  private var pipe: OutputPipe
  /// Samples per channel given so far.
  private(set) var samples = 0
  private let mostSamples: Int
  private var pace: ProgressPace
  /// The samples that are wanted, and the place of the next one that comes.
  private let part: Range<Int>
  private var position = 0
  private var left = [Float](repeating: 0, count: PCMBlock.capacity)
  private var right = [Float](repeating: 0, count: PCMBlock.capacity)
  private var filled = 0
  /// Samples per channel that are in the pipe.
  private var written = 0

  /// Writes the description, which PCM of its rate and channels follows.
  init(_ pipe: OutputPipe, _ source: SourceDescription, _ part: Range<Int>, _ limits: DecodeLimits) {
    (self.pipe, rate, channels, self.part) = (pipe, source.sampleRate, source.channels, part)
    self.pipe.write(PipeWriter.description(source))
    mostSamples = Int(clamping: Int64(limits.maximumDuration.inSeconds * Double(rate)))
    pace = ProgressPace(rate: rate)
  }

  /// Samples to come before the first that is wanted.
  var samplesBeforePart: Int { max(0, part.lowerBound - position) }
  /// Whether nothing of what comes is wanted.
  var isComplete: Bool { position >= part.upperBound }
  /// Why not one sample was given.
  var nothingGiven: DecodeFailure {
    position == 0 ? DecodeFailure(.noSamples) : DecodeFailure(.noSamples, "the audio has nothing in the wanted part")
  }

  /// Notes that so many samples don't come, all of them before the part.
  mutating func skip(_ count: Int) { position += count }

  /// Adds samples; of a single channel both spans are the same or the second is ignored. Throws
  /// `limitExceeded(.duration)` where the track turns out to be too long.
  mutating func append(_ left: Span<Float>, _ right: Span<Float>) throws(DecodeFailure) {
    var rest = try wanted(of: left.count)
    while !rest.isEmpty {
      let piece = rest.prefix(PCMBlock.capacity - filled)
      Self.copy(left.extracting(piece), to: &self.left, at: filled)
      if channels == 2 { Self.copy(right.extracting(piece), to: &self.right, at: filled) }
      advance(piece.count)
      rest = piece.upperBound..<rest.upperBound
    }
  }

  /// Adds silence.
  mutating func appendSilence(_ count: Int) throws(DecodeFailure) {
    var rest = try wanted(of: count).count
    while rest > 0 {
      let piece = filled..<filled + min(rest, PCMBlock.capacity - filled)
      for index in piece { (left[index], right[index]) = (0, 0) }
      advance(piece.count)
      rest -= piece.count
    }
  }

  /// Writes the last block and the end.
  mutating func finish(_ summary: DecodeSummary) {
    flush()
    pipe.write(PipeWriter.end(summary))
  }

  /// Counts samples that come; which of them are wanted.
  private mutating func wanted(of count: Int) throws(DecodeFailure) -> Range<Int> {
    let wanted = part.clamped(to: position..<position + count)
    defer { position += count }
    samples += wanted.count
    guard samples <= mostSamples else { throw DecodeFailure(.limitExceeded(.duration)) }
    return wanted.lowerBound - position..<wanted.upperBound - position
  }

  private mutating func advance(_ count: Int) {
    filled += count
    if filled == PCMBlock.capacity { flush() }
  }

  private mutating func flush() {
    guard filled > 0 else { return }
    pipe.collect(PipeWriter.head(.samples, payload: filled * channels * MemoryLayout<Float>.stride))
    pipe.write(left[..<filled])
    if channels == 2 { pipe.write(right[..<filled]) }
    written += filled
    filled = 0
    guard pace.isDue(after: written) else { return }
    pipe.collect(PipeWriter.progress(.microseconds(Int64(written) * 1_000_000 / Int64(rate))))
  }

  private static func copy(_ source: Span<Float>, to target: inout [Float], at position: Int) {
    unsafe source.withUnsafeBufferPointer { source in
      unsafe target.withUnsafeMutableBufferPointer { target in
        let rest = unsafe UnsafeMutableBufferPointer(rebasing: target[position...])
        _ = unsafe rest.update(from: source)
      }
    }
  }
}
