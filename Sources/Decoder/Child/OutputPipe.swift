internal import Glibc

/// The write end of the child's pipe. A pipe without a reader ends the process by SIGPIPE, as does any failed write:
/// there is nobody left to tell.
struct OutputPipe {
  private let descriptor: CInt
  private var pending: [UInt8] = []
  private static let enough = 64 << 10

  init(_ descriptor: CInt) { self.descriptor = descriptor }

  /// Writes at once, after whatever was held back.
  mutating func write(_ bytes: [UInt8]) {
    pending.append(contentsOf: bytes)
    flush()
  }

  /// Holds small messages back until there are enough to be worth a system call.
  mutating func collect(_ bytes: [UInt8]) {
    pending.append(contentsOf: bytes)
    if pending.count >= Self.enough { flush() }
  }

  /// Writes the bytes of these samples, after whatever was held back.
  mutating func write(_ samples: ArraySlice<Float>) {
    flush()
    unsafe samples.withUnsafeBytes { unsafe writeAll($0) }
  }

  /// Writes what was held back.
  mutating func flush() {
    unsafe pending.withUnsafeBytes { unsafe writeAll($0) }
    pending.removeAll(keepingCapacity: true)
  }

  private func writeAll(_ bytes: UnsafeRawBufferPointer) {
    var written = 0
    while written < bytes.count {
      let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[written...])
      let count = unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
      if count >= 0 { written += count } else if errno != EINTR { _exit(74) }  // EX_IOERR, sysexits.h
    }
  }
}
