internal import CFFmpeg
internal import Glibc

/// Small things that all users of libav* here need.
enum LibAV {
  /// libav*'s sentence for one of its codes.
  static func sentence(_ code: CInt) -> String {
    var text = [CChar](repeating: 0, count: Int(AV_ERROR_MAX_STRING_SIZE))
    _ = unsafe av_strerror(code, &text, text.count)
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The value of a key, whatever its case; nil where there is none or an empty one.
  static func value(_ key: String, in dictionary: OpaquePointer?) -> String? {
    guard let entry = unsafe av_dict_get(dictionary, key, nil, 0) else { return nil }
    let text = unsafe String(cString: entry.pointee.value)
    return text.isEmpty ? nil : text
  }

  /// A timestamp in another unit; nil for none, and for one that does not fit.
  static func rescale(_ timestamp: Int64, _ base: AVRational, per second: Int64) -> Int64? {
    guard timestamp != cffmpeg_no_timestamp(), base.num > 0, base.den > 0 else { return nil }
    let result = av_rescale(timestamp, Int64(base.num) * second, Int64(base.den))
    return result == .min ? nil : result
  }

  /// The failure that a code of libavformat or libavcodec amounts to, where it is not a matter of the data.
  static func resourceFailure(_ code: CInt) -> DecodeFailure? {
    code == cffmpeg_error(ENOMEM) ? DecodeFailure(.limitExceeded(.memory)) : nil
  }
}
