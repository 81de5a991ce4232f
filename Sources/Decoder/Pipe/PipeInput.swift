internal import CLinux
internal import Glibc

/// The read end of a child's pipe, with the patience that the reader has left.
struct PipeInput: PipeSource, ~Copyable, Sendable {
  private let descriptor: Descriptor
  /// How long the reader has waited for the child in all.
  private var waited = Duration.zero
  /// How long it may.
  var patience: Duration

  /// Takes over a descriptor that does not block.
  init(_ descriptor: consuming Descriptor, patience: Duration) {
    self.descriptor = descriptor
    self.patience = patience
  }

  /// Starts anew to count how long it waits.
  mutating func forgive() { waited = .zero }

  mutating func fill(_ bytes: inout MutableRawSpan, count wanted: Int) throws(PipeInterruption) {
    var filled = 0
    while filled < wanted {
      let count = unsafe bytes.withUnsafeMutableBytes { buffer in
        let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<wanted])
        return unsafe read(descriptor.raw, rest.baseAddress, rest.count)
      }
      switch count {
      case 1...: filled += count
      case 0: throw .endOfPipe
      default: try wait(after: errno)
      }
    }
  }

  /// Waits for more after a read that failed with this errno.
  private mutating func wait(after failure: CInt) throws(PipeInterruption) {
    if failure == EINTR { return }
    guard failure == EAGAIN else { throw .failed(failure) }
    let left = patience - waited
    guard left > .zero else { throw .timedOut }
    var entry = pollfd(fd: descriptor.raw, events: Int16(POLLIN), revents: 0)
    let began = ContinuousClock.now
    // A minute at a time, so that the milliseconds fit; who is still patient then waits again.
    _ = unsafe poll(&entry, 1, CInt(min(left.microseconds / 1000 + 1, 60_000)))
    waited += ContinuousClock.now - began
  }
}
