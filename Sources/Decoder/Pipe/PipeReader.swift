/// Where a child's bytes come from: its pipe, or an array in a test.
protocol PipeSource: ~Copyable {
  /// Fills the first `count` of `bytes`.
  mutating func fill(_ bytes: inout MutableRawSpan, count: Int) throws(PipeInterruption)
}

/// Why a pipe gave less than was asked for.
enum PipeInterruption: Error, Equatable {
  /// Nobody writes any more.
  case endOfPipe
  /// The writer took longer than this.
  case timedOut(after: Duration)
  /// The read failed with this errno.
  case failed(CInt)
}

/// Reads a child's messages: the shell around `PipeProtocol`.
struct PipeReader<Source: PipeSource & Sendable & ~Copyable>: ~Copyable, Sendable {
  /// Why there is no next event.
  enum Failure: Error {
    /// The pipe gave out; what became of the child says why.
    case interrupted(PipeInterruption)
    /// The child said something wrong.
    case refused(DecodeFailure)
  }

  var source: Source
  private var machine: PipeProtocol
  private var buffer: [UInt8] = []

  /// Reads from `source` what may come of a file under these limits.
  init(_ source: consuming Source, _ limits: DecodeLimits) {
    self.source = source
    machine = PipeProtocol(limits)
  }

  /// The next whole message; samples and frames are in `block` then. Not to be called after an end or a failure.
  mutating func next(_ block: inout PCMBlock) throws(Failure) -> PipeProtocol.Event {
    while true {
      switch machine.want {
      case .samples(let count):
        try readSamples(count, into: &block)
        return machine.takeSamples()
      case .bytes(let count):
        guard let event = try take(count) else { continue }
        if event == .frame { block.setFrame(buffer) }
        return event
      case .nothing: preconditionFailure("nothing comes after the end")
      }
    }
  }

  private mutating func take(_ count: Int) throws(Failure) -> PipeProtocol.Event? {
    if buffer.count > count { buffer.removeLast(buffer.count - count) }
    if buffer.count < count { buffer.append(contentsOf: repeatElement(0, count: count - buffer.count)) }
    do { try Self.fill(&buffer, count, from: &source) } catch { throw .interrupted(error) }
    do { return try machine.take(buffer) } catch { throw .refused(error) }
  }

  private mutating func readSamples(_ count: Int, into block: inout PCMBlock) throws(Failure) {
    block.count = count
    block.channels = machine.channels
    do {
      try Self.fill(&block.left, count, from: &source)
      if machine.channels == 2 { try Self.fill(&block.right, count, from: &source) }
    } catch { throw .interrupted(error) }
  }

  private static func fill(
    _ buffer: inout [UInt8], _ count: Int, from source: inout Source
  ) throws(PipeInterruption) {
    var span = buffer.mutableSpan
    var bytes = unsafe span.mutableBytes  // Each bit pattern is a UInt8.
    try source.fill(&bytes, count: count)
  }

  private static func fill(
    _ samples: inout [Float], _ count: Int, from source: inout Source
  ) throws(PipeInterruption) {
    var span = samples.mutableSpan
    var bytes = unsafe span.mutableBytes  // Each bit pattern is a Float, if not always a number.
    try source.fill(&bytes, count: count * MemoryLayout<Float>.stride)
  }
}

extension PCMBlock {
  /// Replaces the frame, without an allocation.
  mutating func setFrame(_ frame: [UInt8]) {
    bytes.removeAll(keepingCapacity: true)
    bytes.append(contentsOf: frame)
  }
}
