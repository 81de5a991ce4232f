internal import CFFmpeg

/// What decoded frames look like, so that a change in mid-stream is noticed.
struct AudioFormat: Equatable {
  /// Where the channels belong.
  enum Layout: Equatable {
    /// These speakers, in the order of their bits (`AV_CH_FRONT_LEFT` …, libavutil/channel_layout.h).
    case speakers(UInt64)
    /// Ambisonics, the omnidirectional channel first.
    case ambisonic
    /// Nobody knows.
    case unknown
  }

  let samples: AVSampleFormat
  let rate: Int
  let channels: Int
  let layout: Layout

  init(_ frame: Frame) {
    let described = unsafe frame.pointer.pointee.ch_layout
    samples = frame.sampleFormat
    rate = frame.rate
    channels = frame.channels
    layout =
      switch unsafe described.order {
      case AV_CHANNEL_ORDER_NATIVE: unsafe .speakers(described.u.mask)
      case AV_CHANNEL_ORDER_AMBISONIC: .ambisonic
      case AV_CHANNEL_ORDER_UNSPEC: Self.usualLayout(channels)
      default: .unknown
      }
  }

  /// Whether the frames are the wanted PCM already.
  func isPlanarFloat(rate: Int, channels: Int) -> Bool {
    let isFloat = samples == AV_SAMPLE_FMT_FLTP || samples == AV_SAMPLE_FMT_FLT && channels == 1
    let isStereo = layout == Self.usualLayout(2)
    return isFloat && self.rate == rate && self.channels == channels && (channels == 1 || isStereo)
  }

  /// What so many channels usually are.
  private static func usualLayout(_ channels: Int) -> Layout {
    var layout = unsafe AVChannelLayout()
    unsafe av_channel_layout_default(&layout, CInt(channels))
    return unsafe layout.order == AV_CHANNEL_ORDER_NATIVE ? .speakers(layout.u.mask) : .unknown
  }
}
