internal import CFFmpeg

/// Turns decoded frames of one format into float PCM of one or two channels at the output's rate.
@safe struct Resampler: ~Copyable {
  /// Nil where the frames are what the output wants already.
  private let context: OpaquePointer?
  private let format: AudioFormat
  private let channels: Int
  private var left: [Float] = []
  private var right: [Float] = []

  /// For frames like this one. Throws `limitExceeded(.channels)` for more than can be mixed.
  init(like frame: Frame, rate: Int, channels: Int) throws(DecodeFailure) {
    format = AudioFormat(frame)
    self.channels = channels
    unsafe context =
      format.isPlanarFloat(rate: rate, channels: channels)
      ? nil : try Downmix.resampler(from: format, rate: rate, channels: channels)
  }

  deinit {
    var context = unsafe context
    unsafe swr_free(&context)
  }

  /// Whether a frame has the format that this was made for.
  func fits(_ frame: Frame) -> Bool { format == AudioFormat(frame) }

  /// Converts a frame without its first `dropped` samples.
  mutating func convert(
    _ frame: Frame, dropping dropped: Int, to output: inout PCMOutput
  ) throws(DecodeFailure) {
    let count = frame.samples - dropped
    var planes = unsafe frame.planes(from: dropped)
    if unsafe context != nil { return try unsafe resample(&planes, count, to: &output) }
    let floats = unsafe planes.map { plane in
      unsafe UnsafeBufferPointer(start: plane, count: count * MemoryLayout<Float>.stride).withMemoryRebound(
        to: Float.self
      ) { unsafe $0 }
    }
    try unsafe output.append(floats[0].span, floats[channels - 1].span)
  }

  /// Gives out what the resampler holds back; it takes no frame afterwards.
  mutating func drain(to output: inout PCMOutput) throws(DecodeFailure) {
    if unsafe context != nil { try unsafe resample(nil, 0, to: &output) }
  }

  private mutating func resample(
    _ planes: UnsafeMutablePointer<UnsafePointer<UInt8>?>?, _ count: Int, to output: inout PCMOutput
  ) throws(DecodeFailure) {
    let room = unsafe Int(max(0, swr_get_out_samples(context, CInt(count))))
    Self.grow(&left, to: room)
    Self.grow(&right, to: room)
    let converted = unsafe left.withUnsafeMutableBytes { left in
      unsafe right.withUnsafeMutableBytes { right in
        var outputs = unsafe [left, right].map { unsafe $0.baseAddress?.assumingMemoryBound(to: UInt8.self) }
        return unsafe swr_convert(context, &outputs, CInt(room), planes, CInt(count))
      }
    }
    guard converted >= 0 else {
      throw LibAV.resourceFailure(converted) ?? DecodeFailure(.unsupportedCodec, LibAV.sentence(converted))
    }
    try output.append(left.span.extracting(0..<Int(converted)), right.span.extracting(0..<Int(converted)))
  }

  private static func grow(_ samples: inout [Float], to count: Int) {
    if samples.count < count { samples = Array(repeating: 0, count: count) }
  }
}
