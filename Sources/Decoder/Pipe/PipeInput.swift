internal import CLinux
internal import Glibc

/// The read end of a child's pipe, with the patience that the reader has left.
struct PipeInput: PipeSource, ~Copyable, Sendable {
  private let descriptor: Descriptor
  /// How long the reader has waited for the child in all.
  private var waited = Duration.zero
  /// How long it may.
  var patience: Duration
  /// What was read beyond what had been asked for, since small messages come many at a time; and what of it is left.
  private var ahead = [UInt8](repeating: 0, count: 8 << 10)
  private var unread = 0..<0

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
      let rest = wanted - filled
      if !unread.isEmpty {
        filled += bytes.copy(from: ahead, unread.prefix(rest), to: filled)
        unread = unread.dropFirst(rest)
      } else if rest < ahead.count {
        unread = 0..<(try count(of: Self.read(descriptor, into: &ahead)))
      } else {
        filled += try count(of: Self.read(descriptor, into: &bytes, filled..<wanted))
      }
    }
  }

  private static func read(_ descriptor: borrowing Descriptor, into bytes: inout [UInt8]) -> Int {
    var span = bytes.mutableSpan
    var target = unsafe span.mutableBytes  // Each bit pattern is a UInt8.
    return read(descriptor, into: &target, 0..<target.byteCount)
  }

  private static func read(
    _ descriptor: borrowing Descriptor, into bytes: inout MutableRawSpan, _ place: Range<Int>
  ) -> Int {
    unsafe bytes.withUnsafeMutableBytes { buffer in
      unsafe Glibc.read(descriptor.raw, buffer.baseAddress.map { unsafe $0 + place.lowerBound }, place.count)
    }
  }

  /// How many bytes a read gave that returned `result`; 0 where it has to be tried again.
  private mutating func count(of result: Int) throws(PipeInterruption) -> Int {
    switch result {
    case 1...: return result
    case 0: throw .endOfPipe
    default:
      try wait(after: errno)
      return 0
    }
  }

  /// Waits for more after a read that failed with this errno.
  private mutating func wait(after failure: CInt) throws(PipeInterruption) {
    if failure == EINTR { return }
    guard failure == EAGAIN else { throw .failed(failure) }
    let left = patience - waited
    guard left > .zero else { throw .timedOut(after: patience) }
    var entry = pollfd(fd: descriptor.raw, events: Int16(POLLIN), revents: 0)
    let began = ContinuousClock.now
    // A minute at a time, so that the milliseconds fit; who is still patient then waits again.
    _ = unsafe poll(&entry, 1, CInt(min(left.microseconds / 1000 + 1, 60_000)))
    waited += ContinuousClock.now - began
  }
}

extension MutableRawSpan {
  /// Copies a part of an array to this offset, and says how many bytes that were.
  fileprivate mutating func copy(from bytes: [UInt8], _ part: Range<Int>, to offset: Int) -> Int {
    unsafe withUnsafeMutableBytes { buffer in
      unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[offset...]).copyBytes(from: bytes[part])
    }
    return part.count
  }
}
