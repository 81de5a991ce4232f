internal import Glibc
public import SystemPackage

/// A regular file that is there already and is written on, from an offset that its owner knows to be good.
///
/// What ``NewFile`` says of errors holds here, too: only ``synchronize()`` tells that the bytes are on the disk.
public struct ResumedFile: ~Copyable, Sendable {
  /// Where the file was opened.
  public let path: FilePath
  /// Where ``write(_:)`` goes on, and where the file ends.
  public private(set) var offset: Int64
  private let descriptor: Descriptor

  /// Opens the file and cuts off what lies behind `offset`. Throws EINVAL where the file is shorter than that, and for
  /// what ``SourceFile`` refuses.
  public init(continuing path: FilePath, at offset: Int64) throws(FileError) {
    let descriptor = try Descriptor(opening: path, O_RDWR | O_NOFOLLOW | O_NONBLOCK)
    let status = try descriptor.status(of: path)
    guard status.kind == .file else { throw FileError(operation: "write to", path: path, errno: .notSupported) }
    guard status.size >= offset else { throw FileError(operation: "go on with", path: path, errno: .invalidArgument) }
    if status.size > offset { try descriptor.cut(path, at: offset) }
    self.path = path
    self.offset = offset
    self.descriptor = descriptor
  }

  /// Appends all bytes.
  public mutating func write(_ bytes: Span<UInt8>) throws(FileError) {
    try descriptor.write(bytes, at: offset, of: path)
    offset += Int64(bytes.count)
  }

  /// Takes back what was written behind `offset`.
  public mutating func rewind(to offset: Int64) throws(FileError) {
    try descriptor.cut(path, at: offset)
    self.offset = offset
  }

  /// Writes over bytes within the file; its end, and where ``write(_:)`` goes on, do not move.
  public func overwrite(_ bytes: Span<UInt8>, at offset: Int64) throws(FileError) {
    try descriptor.write(bytes, at: offset, of: path)
  }

  /// Waits until the contents are on the disk.
  public func synchronize() throws(FileError) { try descriptor.synchronize(path) }

  /// Closes the file. Throws what the system reports only now.
  public consuming func close() throws(FileError) {
    let path = path
    if let errno = descriptor.close() { throw FileError(operation: "close", path: path, errno: errno) }
  }
}
