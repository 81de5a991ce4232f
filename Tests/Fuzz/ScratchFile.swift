import Glibc

/// A file without a name that is written anew for each input.
struct ScratchFile {
  let descriptor: CInt

  init() {
    descriptor = unsafe tmpfile().map { unsafe fileno($0) } ?? -1
    require(descriptor >= 0, "there is room for a file")
  }

  /// A name under which this process can open it.
  var path: String { "/proc/self/fd/\(descriptor)" }

  /// What is in it.
  var bytes: [UInt8] {
    let count = Int(lseek(descriptor, 0, SEEK_END))
    return unsafe Array(unsafeUninitializedCapacity: count) { buffer, filled in
      filled = unsafe max(0, pread(descriptor, buffer.baseAddress, count, 0))
    }
  }

  /// Replaces what is in it; who writes to the descriptor writes behind that.
  func replace(with bytes: [UInt8]) {
    let count = unsafe ftruncate(descriptor, 0) == 0 ? pwrite(descriptor, bytes, bytes.count, 0) : -1
    require(count == bytes.count, "a file can be written")
    lseek(descriptor, off_t(count), SEEK_SET)
  }
}
