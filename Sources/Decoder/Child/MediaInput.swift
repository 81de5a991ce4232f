internal import CFFmpeg
internal import Glibc

/// One regular file for libavformat, by its descriptor. Its own position counts, not the descriptor's, which others
/// share.
@safe final class MediaInput {
  private static let bufferSize = 64 << 10

  private let descriptor: CInt
  let size: Int
  private var position = 0
  /// The errno of the first read that failed; 0 while all is well.
  private(set) var failure: CInt = 0
  /// Valid as long as this object.
  private(set) var context: UnsafeMutablePointer<AVIOContext>! = nil

  /// Reads `descriptor`, which stays open elsewhere.
  init(_ descriptor: CInt) throws(DecodeFailure) {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw .unavailable("the file cannot be read", errno) }
    self.descriptor = descriptor
    size = Int(status.st_size)
    let buffer = unsafe av_malloc(Self.bufferSize)?.assumingMemoryBound(to: UInt8.self)
    let me = unsafe Unmanaged.passUnretained(self).toOpaque()
    unsafe context = avio_alloc_context(
      buffer, CInt(Self.bufferSize), 0, me,
      { unsafe MediaInput.from($0).read($1!, Int($2)) }, nil, { unsafe Int64(MediaInput.from($0).seek(Int($1), $2)) })
    guard unsafe context != nil else { throw DecodeFailure(.limitExceeded(.memory)) }
  }

  deinit {
    // libavformat may have put another buffer in the place of ours (avio_alloc_context, libavformat/avio.h).
    if unsafe context != nil { unsafe av_freep(&context.pointee.buffer) }
    unsafe avio_context_free(&context)
  }

  private static func from(_ opaque: UnsafeMutableRawPointer?) -> MediaInput {
    unsafe Unmanaged<MediaInput>.fromOpaque(opaque!).takeUnretainedValue()
  }

  private func read(_ bytes: UnsafeMutablePointer<UInt8>, _ count: Int) -> CInt {
    while true {
      let got = unsafe pread(descriptor, bytes, count, position)
      if got > 0 {
        position += got
        return CInt(got)
      }
      if got == 0 { return cffmpeg_error_end() }
      if errno == EINTR { continue }
      if failure == 0 { failure = errno }
      return cffmpeg_error(errno)
    }
  }

  private func seek(_ offset: Int, _ whence: CInt) -> Int {
    let base: Int
    switch whence & ~CInt(AVSEEK_FORCE) {
    case CInt(AVSEEK_SIZE): return size
    case CInt(SEEK_SET): base = 0
    case CInt(SEEK_CUR): base = position
    case CInt(SEEK_END): base = size
    default: return Int(cffmpeg_error(EINVAL))
    }
    let (target, overflow) = base.addingReportingOverflow(offset)
    guard !overflow, target >= 0 else { return Int(cffmpeg_error(EINVAL)) }
    position = target
    return target
  }
}
