internal import CFFmpeg

/// Finds out what `ChannelChoice.auto` means for a track.
enum ChannelSurvey {
  /// Decodes a track as long as its two channels are the same in each sample: mono if that is so to its end, else as the
  /// source is. One that is longer than `limit` is left as it is, and so is one with more channels than two.
  static func choose(_ track: TrackDecoder, limit: Duration) throws(DecodeFailure) -> ChannelChoice {
    var track = track
    var surveyed: Int64 = 0
    let most = Int64(clamping: Int128(limit.microseconds) * Int128(Timeline.unitsPerSecond) / 1_000_000)
    var hasTwoChannels = false
    while try track.advance() {
      surveyed += track.length
      guard surveyed <= most, let sameness = sameness(track.frame) else { return .source }
      hasTwoChannels = hasTwoChannels || sameness == .twoAlike
      guard hasTwoChannels else { return .source }
    }
    return hasTwoChannels ? .mono : .source
  }

  private enum Sameness {
    case one, twoAlike
  }

  /// Nil for channels that differ and for more than two.
  private static func sameness(_ frame: Frame) -> Sameness? {
    if frame.channels == 1 { return .one }
    guard frame.channels == 2 else { return nil }
    let areAlike =
      switch av_get_packed_sample_fmt(frame.sampleFormat) {
      case AV_SAMPLE_FMT_U8: areAlike(frame, as: UInt8.self)
      case AV_SAMPLE_FMT_S16: areAlike(frame, as: Int16.self)
      case AV_SAMPLE_FMT_S32: areAlike(frame, as: Int32.self)
      case AV_SAMPLE_FMT_S64: areAlike(frame, as: Int64.self)
      case AV_SAMPLE_FMT_FLT: areAlike(frame, as: Float.self)
      case AV_SAMPLE_FMT_DBL: areAlike(frame, as: Double.self)
      default: false
      }
    return areAlike ? .twoAlike : nil
  }

  /// Whether the left and the right one of each pair of samples are equal; of planar samples each plane is a channel.
  private static func areAlike<Sample: Equatable>(_ frame: Frame, as _: Sample.Type) -> Bool {
    let planes = unsafe frame.planes(from: 0)
    guard let first = unsafe planes[0], let last = unsafe planes[planes.count - 1] else { return false }
    let step = unsafe 3 - planes.count
    let count = frame.samples * step
    return unsafe first.withMemoryRebound(to: Sample.self, capacity: count) { left in
      unsafe last.withMemoryRebound(to: Sample.self, capacity: count) { right in
        stride(from: 0, to: count, by: step).allSatisfy { unsafe left[$0] == right[$0 + step - 1] }
      }
    }
  }
}
