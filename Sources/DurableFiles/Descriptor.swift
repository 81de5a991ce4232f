internal import Glibc
internal import Metrics
internal import NIOCore
internal import SystemPackage

/// An open file descriptor that is closed exactly once: by ``close()``, or else silently at the end of its life.
struct Descriptor: ~Copyable {
  let number: CInt

  /// How long the disk, or the file server, takes to make something durable.
  private static let synchronizing = Metrics.Timer(label: "mp3spool_fsync_duration_seconds")

  /// Opens `path` and keeps the descriptor from every program that is started later (O_CLOEXEC).
  init(
    opening path: FilePath, _ flags: CInt, permissions: FilePermissions = [], as operation: String = "open"
  ) throws(FileError) {
    number = try retry(operation, path) {
      unsafe path.withPlatformString { unsafe open($0, flags | O_CLOEXEC, mode_t(permissions.rawValue)) }
    }
  }

  /// Takes over a descriptor that nobody else closes.
  init(owning number: CInt) { self.number = number }

  deinit { _ = Glibc.close(number) }

  /// Closes the descriptor and returns what the system said, since a full disk may be reported here for the first time.
  ///
  /// It is gone in any case, also after EINTR (close(2), "Dealing with error returns from close()").
  consuming func close() -> Errno? {
    let failed = Glibc.close(number) != 0
    discard self
    return failed ? .latest : nil
  }

  /// What the system says of the open file.
  func status(of path: FilePath) throws(FileError) -> FileStatus {
    var status = stat()
    try check("look at", path, unsafe fstat(number, &status))
    return FileStatus(status)
  }

  /// Reads at most `count` bytes: at least one, but for the end of the file.
  ///
  /// - Parameter offset: where to read; by default where the last call ended.
  func read(upTo count: Int, at offset: Int64? = nil, of path: FilePath) throws(FileError) -> [UInt8] {
    var outcome = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      outcome = unsafe readSome(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
      filled = max(outcome, 0)
    }
    try check("read", path, outcome)
    return bytes
  }

  /// The same, in the form that a network connection takes without copying it.
  func buffer(upTo count: Int, at offset: Int64, of path: FilePath) throws(FileError) -> ByteBuffer {
    var outcome = 0
    var buffer = ByteBufferAllocator().buffer(capacity: count)
    unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { room in
      outcome = unsafe readSome(into: UnsafeMutableRawBufferPointer(rebasing: room.prefix(count)), at: offset)
      return max(outcome, 0)
    }
    try check("read", path, outcome)
    return buffer
  }

  private func readSome(into room: UnsafeMutableRawBufferPointer, at offset: Int64?) -> Int {
    while true {
      let outcome =
        if let offset { unsafe pread(number, room.baseAddress, room.count, off_t(offset)) } else {
          unsafe Glibc.read(number, room.baseAddress, room.count)
        }
      if outcome >= 0 || errno != EINTR { return outcome }
    }
  }

  /// Writes all bytes at `offset`, over what is there.
  func write(_ bytes: Span<UInt8>, at offset: Int64, of path: FilePath) throws(FileError) {
    var written = 0
    while written < bytes.count {
      written += try writeSome(bytes.extracting(droppingFirst: written), at: offset + Int64(written), of: path)
    }
  }

  /// Writes at least one byte, if there is any, and says how many.
  private func writeSome(_ bytes: Span<UInt8>, at offset: Int64, of path: FilePath) throws(FileError) -> Int {
    try retry("write to", path) {
      unsafe bytes.withUnsafeBytes { unsafe pwrite(number, $0.baseAddress, $0.count, off_t(offset)) }
    }
  }

  /// Gives what root has just made to whoever owns `directory`. For others this does nothing, nor for a root that may not:
  /// that of a container without CAP_CHOWN, or one that a file server takes for nobody.
  func give(_ path: FilePath, toOwnerOf directory: FilePath) throws(FileError) {
    guard geteuid() == 0 else { return }
    var status = stat()
    try check("look at", directory, unsafe directory.withPlatformString { unsafe stat($0, &status) })
    do { try check("give to the owner of \(directory)", path, fchown(number, status.st_uid, status.st_gid)) } catch {
      guard error.errno == .notPermitted else { throw error }
    }
  }

  /// Makes the file end at `offset`.
  func cut(_ path: FilePath, at offset: Int64) throws(FileError) {
    _ = try retry("cut", path) { ftruncate(number, off_t(offset)) }
  }

  /// Waits until the file, or the names in the directory, are on the disk.
  func synchronize(_ path: FilePath) throws(FileError) {
    let began = ContinuousClock.now
    _ = try retry("synchronize", path) { fsync(number) }
    Self.synchronizing.record(duration: ContinuousClock.now - began)
  }
}

extension Errno {
  /// The error of the call that has just failed in this thread.
  static var latest: Errno { Errno(rawValue: errno) }
}

/// Throws the latest error if `result`, what the system call returned, is negative.
func check(
  _ operation: String, _ path: FilePath, target: FilePath? = nil, _ result: some SignedInteger
) throws(FileError) {
  guard result < 0 else { return }
  throw FileError(operation: operation, path: path, target: target, errno: .latest)
}

/// Makes a system call again as long as a signal interrupts it, and throws any other error.
func retry<Result: SignedInteger>(
  _ operation: String, _ path: FilePath, _ call: () -> Result
) throws(FileError) -> Result {
  while true {
    let result = call()
    if result >= 0 { return result }
    let cause = Errno.latest
    if cause != .interrupted { throw FileError(operation: operation, path: path, errno: cause) }
  }
}
