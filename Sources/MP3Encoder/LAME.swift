import CLAME
import Synchronization

/// One encoder of libmp3lame: PCM in, MP3 frames out, in the order of time.
///
/// Not for two threads at once, but many encoders may run side by side.
@safe
struct LAME: ~Copyable {
  private let handle: OpaquePointer
  /// Where LAME writes what one call encoded.
  private var scratch: [UInt8]

  /// The library's name and version, such as `LAME3.100`.
  static var name: String { unsafe String(cString: get_lame_very_short_version()) }

  /// The samples per channel that one call of `encode` takes at most.
  static let longestChunk = 8 * 1152

  /// lame.h at lame_encode_buffer: 1.25 bytes for each sample and 7200 more are always enough; a flush needs 7200.
  private static let scratchLength = longestChunk * 5 / 4 + 7200

  /// lame_init_params fills tables that all encoders share (quantize_pvt.c, iteration_init), always with the same numbers.
  private static let initialising = Mutex(())

  init(_ settings: EncoderSettings) throws(EncoderError) {
    unsafe handle = try Self.open(settings)
    scratch = [UInt8](repeating: 0, count: Self.scratchLength)
  }

  deinit { unsafe lame_close(handle) }

  /// Encodes samples and appends the frames that are complete to `bytes`; for mono `right` is not looked at.
  mutating func encode(_ left: Span<Float>, _ right: Span<Float>, into bytes: inout [UInt8]) throws(EncoderError) {
    precondition(left.count <= Self.longestChunk)
    let written = unsafe left.withUnsafeBufferPointer { left in
      unsafe right.withUnsafeBufferPointer { right in
        unsafe lame_encode_buffer_ieee_float(
          handle, left.baseAddress, right.baseAddress, Int32(left.count), &scratch, Int32(scratch.count))
      }
    }
    try take(written, into: &bytes)
  }

  /// Completes the frames whose audio is known and starts the next one with an empty bit reservoir; the encoder goes on.
  mutating func emptyReservoir(into bytes: inout [UInt8]) throws(EncoderError) {
    try take(unsafe lame_encode_flush_nogap(handle, &scratch, Int32(scratch.count)), into: &bytes)
  }

  /// Ends the stream: encodes what is left, with silence after it.
  mutating func finish(into bytes: inout [UInt8]) throws(EncoderError) {
    try take(unsafe lame_encode_flush(handle, &scratch, Int32(scratch.count)), into: &bytes)
  }

  /// What LAME has chosen for the settings, as the Info frame tells it.
  var choices: EncoderChoices {
    EncoderChoices(
      lowpass: Int(unsafe lame_get_lowpassfreq(handle)),
      delay: Int(unsafe lame_get_encoder_delay(handle)),
      quality: 100 - 10 * Int(unsafe lame_get_VBR_q(handle)) - Int(unsafe lame_get_quality(handle)),
      thresholdKind: UInt8(truncatingIfNeeded: unsafe lame_get_ATHtype(handle)),
      psychoacoustics: UInt8(truncatingIfNeeded: unsafe lame_get_exp_nspsytune(handle)) & 0b11,
      lowestBitrate: Int(unsafe lame_get_VBR_min_bitrate_kbps(handle)))
  }

  private mutating func take(_ written: Int32, into bytes: inout [UInt8]) throws(EncoderError) {
    guard written >= 0 else { throw .encodingFailed(code: written) }
    bytes.append(contentsOf: scratch[..<Int(written)])
  }

  private static func open(_ settings: EncoderSettings) throws(EncoderError) -> OpaquePointer {
    guard let handle = unsafe lame_init() else { throw .outOfMemory }
    unsafe configure(handle, settings)
    let code = initialising.withLock { _ in unsafe lame_init_params(handle) }
    guard code >= 0 else {
      unsafe lame_close(handle)
      throw .refused(settings, code: code)
    }
    return unsafe handle
  }

  private static func configure(_ handle: OpaquePointer, _ settings: EncoderSettings) {
    unsafe lame_set_errorf(handle, nil)
    unsafe lame_set_msgf(handle, nil)
    unsafe lame_set_debugf(handle, nil)
    unsafe lame_set_in_samplerate(handle, Int32(settings.sampleRate))
    unsafe lame_set_out_samplerate(handle, Int32(settings.sampleRate))
    unsafe lame_set_num_channels(handle, Int32(settings.channels))
    unsafe lame_set_mode(handle, settings.channels == 1 ? MONO : JOINT_STEREO)
    unsafe lame_set_bWriteVbrTag(handle, 0)
    switch settings.mode {
    case .variable(let quality):
      unsafe lame_set_VBR(handle, vbr_default)
      unsafe lame_set_VBR_q(handle, Int32(quality))
    case .constant(let rate):
      unsafe lame_set_VBR(handle, vbr_off)
      unsafe lame_set_brate(handle, Int32(rate))
    case .average(let rate):
      unsafe lame_set_VBR(handle, vbr_abr)
      unsafe lame_set_VBR_mean_bitrate_kbps(handle, Int32(rate))
    }
  }
}

/// What LAME decides from the settings and a player may want to know.
struct EncoderChoices: Sendable, Hashable {
  /// In Hz; 0 where nothing is cut off.
  let lowpass: Int
  /// Samples that come out before the first that went in.
  let delay: Int
  /// 0 to 100.
  let quality: Int
  /// LAME's kind of hearing threshold.
  let thresholdKind: UInt8
  /// Bit 0: nspsytune, bit 1: its safe joint stereo.
  let psychoacoustics: UInt8
  /// In kbit/s; only meaningful for VBR.
  let lowestBitrate: Int
}
