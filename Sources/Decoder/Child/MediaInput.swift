internal import CFFmpeg
internal import Glibc

/// One regular file for libavformat, by its descriptor. Its own position counts, not the descriptor's, which others
/// share. What the file grows by while it is read is not read.
@safe final class MediaInput {
  /// libavformat's own buffer; `ReadAhead` decides how much of it is filled.
  private static let bufferSize = ReadAhead.most
  /// At most so many bytes are copied for a demuxer that may need only a few of them.
  private static let mostCopied = 4 << 10

  private let descriptor: CInt
  let size: Int
  private var position = 0
  private var readAhead = ReadAhead()
  /// Bytes of the file that were read ahead, and where in it they stand.
  private var held: [UInt8] = []
  private var heldRange = 0..<0
  private var isSelective = false
  private var isAdvisedScattered = false
  /// Where the last sample ends that is known to be wanted.
  private var foreseen = 0
  /// The errno of the first read that failed; 0 while all is well.
  private(set) var failure: CInt = 0
  /// Valid as long as this object.
  private(set) var context: UnsafeMutablePointer<AVIOContext>! = nil

  /// Reads a file.
  init(_ file: InputFile) throws(DecodeFailure) {
    (descriptor, size) = (file.descriptor, file.size)
    let buffer = unsafe av_malloc(Self.bufferSize)?.assumingMemoryBound(to: UInt8.self)
    let me = unsafe Unmanaged.passUnretained(self).toOpaque()
    unsafe context = avio_alloc_context(
      buffer, CInt(Self.bufferSize), 0, me,
      { unsafe MediaInput.from($0).read(UnsafeMutableRawBufferPointer(start: $1, count: Int($2))) }, nil,
      { unsafe Int64(MediaInput.from($0).seek(Int($1), $2)) })
    guard unsafe context != nil else { throw DecodeFailure(.limitExceeded(.memory)) }
  }

  deinit {
    // libavformat may have put another buffer in the place of ours (avio_alloc_context, libavformat/avio.h).
    if unsafe context != nil { unsafe av_freep(&context.pointee.buffer) }
    unsafe avio_context_free(&context)
  }

  /// From now on not a byte is read that the demuxer jumps over. It is for demuxers that jump from sample to sample:
  /// otherwise libavformat reads on where they skip less than its `SHORT_SEEK_THRESHOLD` of 32 KiB (avio_seek,
  /// libavformat/aviobuf.c), and most of a video's frames are smaller.
  func readSelectively() {
    isSelective = true
    unsafe context.pointee.direct = 1
  }

  /// Says that a sample of `count` bytes at `first` will be read soon. If that is behind a jump, the system fetches it
  /// while the decoder works (posix_fadvise(2)): else a disk or a server would do nothing between two reads.
  func foresee(_ first: Int, _ count: Int) {
    defer { foreseen = first.addingReportingOverflow(max(0, count)).partialValue }
    guard readAhead.isScattered, first != foreseen, 0..<size ~= first, 1...ReadAhead.most ~= count else { return }
    _ = posix_fadvise(descriptor, first, count, POSIX_FADV_WILLNEED)
  }

  private static func from(_ opaque: UnsafeMutableRawPointer?) -> MediaInput {
    unsafe Unmanaged<MediaInput>.fromOpaque(opaque!).takeUnretainedValue()
  }

  /// Reads what is asked for or less; 0 bytes only at the end, which libavformat has its own word for.
  private func read(_ target: UnsafeMutableRawBufferPointer) -> CInt {
    if heldRange.contains(position) { return unsafe copyHeld(to: target) }
    guard position < size else { return cffmpeg_error_end() }
    let count = min(readAhead.count(at: position, wanted: target.count), size - position)
    advise()
    let isAhead = isSelective || count > target.count
    let got = unsafe isAhead ? hold(count) : fetch(UnsafeMutableRawBufferPointer(rebasing: target[..<count]))
    guard got > 0 else { return got == 0 ? cffmpeg_error_end() : got }
    if isAhead { return unsafe copyHeld(to: target) }
    position += Int(got)
    return got
  }

  /// Reads `count` bytes ahead.
  private func hold(_ count: Int) -> CInt {
    if held.isEmpty { held = Array(repeating: 0, count: ReadAhead.most) }
    let got = unsafe held.withUnsafeMutableBytes { held in
      unsafe fetch(UnsafeMutableRawBufferPointer(rebasing: held[..<count]))
    }
    heldRange = position..<position + Int(max(0, got))
    return got
  }

  private func copyHeld(to target: UnsafeMutableRawBufferPointer) -> CInt {
    let first = position - heldRange.lowerBound
    let count = min(heldRange.upperBound - position, target.count, Self.mostCopied)
    unsafe held.withUnsafeBytes { held in
      unsafe target.copyMemory(from: UnsafeRawBufferPointer(rebasing: held[first..<first + count]))
    }
    position += count
    return CInt(count)
  }

  private func fetch(_ target: UnsafeMutableRawBufferPointer) -> CInt {
    while true {
      let got = unsafe pread(descriptor, target.baseAddress, target.count, position)
      if got >= 0 { return CInt(got) }
      if errno == EINTR { continue }
      if failure == 0 { failure = errno }
      return cffmpeg_error(errno)
    }
  }

  /// Tells the system not to read ahead by itself where that would be in vain (posix_fadvise(2)); it may do as it likes.
  private func advise() {
    guard readAhead.isScattered != isAdvisedScattered else { return }
    isAdvisedScattered.toggle()
    _ = posix_fadvise(descriptor, 0, 0, isAdvisedScattered ? POSIX_FADV_RANDOM : POSIX_FADV_NORMAL)
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
