internal import CFFmpeg

/// How channels become one or two.
///
/// libswresample's standard matrices, scaled so that no sum can clip, for every layout that has one; of ambisonics the
/// omnidirectional channel alone; of channels of which nobody knows where they belong, all of them alike.
enum Downmix {
  /// What libswresample can mix (`SWR_CH_MAX`, libswresample/swresample_internal.h).
  private static let mostChannels = 64

  /// A resampler from this format to planar floats. It is the caller's to free.
  static func resampler(
    from format: AudioFormat, rate: Int, channels: Int
  ) throws(DecodeFailure) -> OpaquePointer {
    guard format.channels <= mostChannels else {
      throw DecodeFailure(
        .limitExceeded(.channels), "the audio has \(format.channels) channels, more than can be mixed")
    }
    if let standard = unsafe standardResampler(format, rate, channels) { return unsafe standard }
    if let plain = unsafe plainResampler(format, rate, channels) { return unsafe plain }
    throw DecodeFailure(.unsupportedCodec, "the audio's format cannot be converted")
  }

  /// Nil for one channel, which the standard matrix makes softer in stereo, and for a layout without a standard matrix.
  private static func standardResampler(_ format: AudioFormat, _ rate: Int, _ channels: Int) -> OpaquePointer? {
    guard case .speakers(let mask) = format.layout, format.channels > 1 else { return nil }
    var layout = unsafe AVChannelLayout()
    guard unsafe av_channel_layout_from_mask(&layout, mask) == 0 else { return nil }
    return unsafe make(format, &layout, rate, channels, matrix: nil)
  }

  private static func plainResampler(_ format: AudioFormat, _ rate: Int, _ channels: Int) -> OpaquePointer? {
    var layout = unsafe AVChannelLayout()
    unsafe layout.order = AV_CHANNEL_ORDER_UNSPEC
    unsafe layout.nb_channels = CInt(format.channels)
    let weights = (0..<format.channels).map { channel -> Double in
      format.layout == .ambisonic ? (channel == 0 ? 1 : 0) : 1 / Double(format.channels)
    }
    return unsafe make(
      format, &layout, rate, channels, matrix: Array(repeating: weights, count: channels).flatMap { $0 })
  }

  private static func make(
    _ format: AudioFormat, _ layout: inout AVChannelLayout, _ rate: Int, _ channels: Int, matrix: [Double]?
  ) -> OpaquePointer? {
    var output = unsafe channels == 1 ? cffmpeg_mono() : cffmpeg_stereo()
    var context: OpaquePointer? = nil
    var code = unsafe swr_alloc_set_opts2(
      &context, &output, AV_SAMPLE_FMT_FLTP, CInt(rate), &layout, format.samples, CInt(format.rate), 0, nil)
    // Floats would be left to clip otherwise (auto_matrix, libswresample/rematrix.c).
    if code >= 0 { code = unsafe av_opt_set_double(UnsafeMutableRawPointer(context), "rematrix_maxval", 1, 0) }
    if code >= 0, let matrix { code = unsafe swr_set_matrix(context, matrix, CInt(format.channels)) }
    if code >= 0 { code = unsafe swr_init(context) }
    if code < 0 { unsafe swr_free(&context) }
    return unsafe context
  }
}
