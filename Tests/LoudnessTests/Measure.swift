import Loudness

/// Measures `signal`, given in pieces of `piece` samples.
func measure(_ signal: Signal, truePeak: Bool = true, piece: Int = 4000) throws -> MeasuredLoudness {
  var meter = try LoudnessMeter(sampleRate: signal.rate, channels: signal.channels, measuresTruePeak: truePeak)
  signal.forEachPiece(of: piece) { meter.add($0, $1) }
  return meter.measured
}

/// Levels `signal` to `target`, given in pieces of `piece` samples.
func level(_ signal: Signal, to target: Double, piece: Int = 4000) throws -> Signal {
  try level(signal, Normalization(of: measure(signal), to: target), piece: piece)
}

/// Levels `signal` as `normalization` says.
func level(_ signal: Signal, _ normalization: Normalization, piece: Int = 4000) throws -> Signal {
  var levelling = try Levelling(normalization, sampleRate: signal.rate, channels: signal.channels)
  var result = Signal(left: [], right: [], rate: signal.rate)
  signal.forEachPiece(of: piece) { left, right in levelling.process(left, right) { result.append($0, $1) } }
  levelling.finish { result.append($0, $1) }
  return result
}

extension Signal {
  func forEachPiece(of length: Int, _ body: (Span<Float>, Span<Float>) -> Void) {
    for start in stride(from: 0, to: count, by: length) {
      let range = start..<min(count, start + length)
      body(left.span.extracting(range), right.span.extracting(channels == 2 ? range : 0..<0))
    }
  }

  mutating func append(_ left: Span<Float>, _ right: Span<Float>) {
    for index in left.indices { self.left.append(left[index]) }
    for index in right.indices { self.right.append(right[index]) }
  }
}
