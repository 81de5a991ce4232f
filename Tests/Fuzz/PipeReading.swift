import WireFormats

@testable import Decoder

/// A pipe that holds these bytes and then ends.
struct PipeBytes: PipeSource, Sendable {
  var rest: ArraySlice<UInt8>

  mutating func fill(_ target: inout MutableRawSpan, count: Int) throws(PipeInterruption) {
    guard rest.count >= count else { throw .endOfPipe }
    unsafe target.withUnsafeMutableBytes { unsafe $0.copyBytes(from: rest.prefix(count)) }
    rest = rest.dropFirst(count)
  }
}

/// What reading a child's bytes to their end gives. Each event must be as the protocol promises.
struct PipeReading {
  private(set) var descriptions: [SourceDescription] = []
  /// What the child said that it may not say.
  private(set) var violation: String?
  /// Whether an end or a failure came.
  private(set) var isWhole = false

  init(_ bytes: [UInt8], _ limits: DecodeLimits = DecodeLimits()) {
    var reader = PipeReader(PipeBytes(rest: bytes[...]), limits)
    var block = PCMBlock()
    do throws(PipeReader<PipeBytes>.Failure) {
      while !isWhole { note(try reader.next(&block), block) }
    } catch {
      if case .refused(let failure) = error { violation = failure.sentence }
    }
  }

  private mutating func note(_ event: PipeProtocol.Event, _ block: PCMBlock) {
    switch event {
    case .described(let source): descriptions.append(source)
    case .samples(let count):
      require(count == block.count && 1...PCMBlock.capacity ~= count, "\(count) samples are in the block")
    case .frame:
      require(
        MP3FrameHeader(block.bytes.span)?.frameLength == block.bytes.count, "one whole frame is in the block")
    case .progress(let position): require(position >= .zero, "progress is no time before the begin")
    case .end, .failure: isWhole = true
    }
  }
}
