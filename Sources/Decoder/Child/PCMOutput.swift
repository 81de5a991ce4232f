/// Gathers PCM into blocks and writes them to the pipe, with progress now and then.
struct PCMOutput {
  /// Media time between two reports of progress.
  private static let progressSeconds = 5

  let rate: Int
  let channels: Int
  private var pipe: OutputPipe
  /// Samples per channel given so far.
  private(set) var samples = 0
  private let mostSamples: Int
  private var nextProgress: Int
  private var left = [Float](repeating: 0, count: PCMBlock.capacity)
  private var right = [Float](repeating: 0, count: PCMBlock.capacity)
  private var filled = 0

  /// Writes the description, which PCM of its rate and channels follows.
  init(_ pipe: OutputPipe, _ source: SourceDescription, _ limits: DecodeLimits) {
    (self.pipe, rate, channels) = (pipe, source.sampleRate, source.channels)
    self.pipe.write(PipeWriter.description(source))
    mostSamples = Int(clamping: Int64(limits.maximumDuration.inSeconds * Double(rate)))
    nextProgress = Self.progressSeconds * rate
  }

  /// Adds samples; of a single channel both spans are the same or the second is ignored. Throws
  /// `limitExceeded(.duration)` where the track turns out to be too long.
  mutating func append(_ left: Span<Float>, _ right: Span<Float>) throws(DecodeFailure) {
    try count(left.count)
    var taken = 0
    while taken < left.count {
      let part = taken..<taken + min(left.count - taken, PCMBlock.capacity - filled)
      Self.copy(left.extracting(part), to: &self.left, at: filled)
      if channels == 2 { Self.copy(right.extracting(part), to: &self.right, at: filled) }
      advance(part.count)
      taken = part.upperBound
    }
  }

  /// Adds silence.
  mutating func appendSilence(_ count: Int) throws(DecodeFailure) {
    try self.count(count)
    var rest = count
    while rest > 0 {
      let part = filled..<filled + min(rest, PCMBlock.capacity - filled)
      for index in part { (left[index], right[index]) = (0, 0) }
      advance(part.count)
      rest -= part.count
    }
  }

  /// Writes the last block and the end.
  mutating func finish(_ summary: DecodeSummary) {
    flush()
    pipe.write(PipeWriter.end(summary))
  }

  private mutating func count(_ more: Int) throws(DecodeFailure) {
    samples += more
    guard samples <= mostSamples else { throw DecodeFailure(.limitExceeded(.duration)) }
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
    filled = 0
    guard samples >= nextProgress else { return }
    pipe.collect(PipeWriter.progress(.microseconds(Int64(samples) * 1_000_000 / Int64(rate))))
    nextProgress = samples + Self.progressSeconds * rate
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
