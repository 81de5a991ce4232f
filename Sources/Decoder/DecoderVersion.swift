internal import CFFmpeg

/// The versions of the libraries that decode, for logs and for the record of a conversion.
public enum DecoderVersion {
  /// libavformat's, such as `59.27.100`.
  public static let libavformat = dotted(avformat_version())
  /// libavcodec's.
  public static let libavcodec = dotted(avcodec_version())

  /// Major, minor and micro number as libavutil packs them (`AV_VERSION_INT`, libavutil/version.h).
  private static func dotted(_ version: CUnsignedInt) -> String {
    "\(version >> 16).\(version >> 8 & 0xFF).\(version & 0xFF)"
  }
}
