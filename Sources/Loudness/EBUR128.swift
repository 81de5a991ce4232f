import CEBUR128
import Synchronization

/// One measurement of libebur128: loudness to ITU-R BS.1770 and EBU R 128.
///
/// Not for two threads at once, but many measurements may run side by side.
@safe
struct EBUR128: ~Copyable {
  private let state: UnsafeMutablePointer<ebur128_state>
  private let channels: Int

  /// ebur128_init fills tables that all measurements share (ebur128.c), always with the same numbers.
  private static let initialising = Mutex(())

  /// The histogram bounds the memory, however long the audio is: 1000 counts instead of a list of all blocks' energies. A
  /// block's energy is rounded to 0.1 dB for it (ebur128.c, histogram_energies), which the mean over many blocks hides, and
  /// which a steady tone shows: 0.05 LU at most.
  private static let mode = Int32(EBUR128_MODE_I.rawValue | EBUR128_MODE_HISTOGRAM.rawValue)

  init(sampleRate: Int, channels: Int) throws(LoudnessError) {
    let state = unsafe Self.initialising.withLock { _ in
      unsafe ebur128_init(UInt32(channels), UInt(sampleRate), Self.mode)
    }
    guard let state = unsafe state else { throw .outOfMemory }
    unsafe self.state = unsafe state
    self.channels = channels
  }

  deinit {
    var state: UnsafeMutablePointer<ebur128_state>? = unsafe state
    unsafe ebur128_destroy(&state)
  }

  /// Takes frames: one sample of each channel, then the next of each.
  mutating func add(_ frames: Span<Float>) {
    let code = unsafe frames.withUnsafeBufferPointer { frames in
      guard let first = frames.baseAddress else { return Int32(EBUR128_SUCCESS.rawValue) }
      return unsafe ebur128_add_frames_float(state, first, frames.count / channels)
    }
    // Memory is all that can lack (ebur128.h), and with the histogram none is asked for.
    precondition(code == EBUR128_SUCCESS.rawValue, "libebur128 failed with code \(code)")
  }

  /// The loudness of all so far in LUFS; nil where no block counts.
  var integrated: Double? {
    var loudness = 0.0
    let code = unsafe ebur128_loudness_global(state, &loudness)
    precondition(code == EBUR128_SUCCESS.rawValue, "libebur128 failed with code \(code)")
    // -HUGE_VAL where no block counts: ebur128.h.
    return loudness.isFinite ? loudness : nil
  }
}
