import WireFormats

/// Room for what one step of a session gives. It is allocated once and used for each step.
public struct PCMBlock: Sendable {
  /// Samples per channel that a block can hold.
  public static let capacity = 16384

  /// The left or only channel, full scale ±1. Its first `count` elements are valid.
  ///
  /// They come from a decoder that a hostile file may control: any bit pattern is possible, not-a-number among them.
  public internal(set) var left: [Float]
  /// The right channel; not touched where there is one channel.
  public internal(set) var right: [Float]
  /// The valid samples per channel.
  public internal(set) var count = 0
  /// The channels of the last samples.
  public internal(set) var channels = 0
  /// One whole MP3 frame, after a step that says so.
  public internal(set) var bytes: [UInt8]

  /// An empty block.
  public init() { self.init(capacity: Self.capacity) }

  /// A block for as many samples; 0 for a reader that expects none.
  init(capacity: Int) {
    left = Array(repeating: 0, count: capacity)
    right = Array(repeating: 0, count: capacity)
    bytes = []
    bytes.reserveCapacity(MP3FrameHeader.largestFrame)
  }

  /// Gives `body` the valid samples of the left or only channel and of the right one, which is empty where there is one
  /// channel.
  public func withSamples<Result, Failure: Error>(
    _ body: (Span<Float>, Span<Float>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(left.span.extracting(0..<count), right.span.extracting(0..<(channels == 2 ? count : 0)))
  }
}
