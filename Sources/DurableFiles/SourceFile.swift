internal import Glibc
public import NIOCore
public import SystemPackage

/// A regular file that is being read.
public struct SourceFile: ~Copyable, Sendable {
  /// Where the file was opened.
  public let path: FilePath
  private let descriptor: Descriptor

  /// Opens the file. Throws for a symbolic link (ELOOP), a directory (EISDIR) and anything else that is not a regular
  /// file (ENOTSUP); a named pipe without a writer does not block it.
  public init(reading path: FilePath) throws(FileError) {
    let descriptor = try Descriptor(opening: path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    switch try descriptor.status(of: path).kind {
    case .file: break
    case .directory: throw FileError(operation: "read", path: path, errno: .isDirectory)
    case .symbolicLink, .other: throw FileError(operation: "read", path: path, errno: .notSupported)
    }
    self.path = path
    self.descriptor = descriptor
  }

  /// The open descriptor, for a reader of its own. It is valid as long as this value lives.
  public var fileDescriptor: CInt { descriptor.number }

  /// Makes durable what was written to the file, by whomever (fsync(2)).
  public func synchronize() throws(FileError) { try descriptor.synchronize(path) }

  /// What the system says of the open file, whatever its name means by now.
  public func status() throws(FileError) -> FileStatus { try descriptor.status(of: path) }

  /// Reads on from where the last call ended: at least one byte and at most `count`; none at the end of the file.
  public mutating func read(upTo count: Int) throws(FileError) -> [UInt8] {
    try descriptor.read(upTo: count, of: path)
  }

  /// Reads from `offset` on: at least one byte and at most `count`; none behind the end of the file.
  public func read(upTo count: Int, at offset: Int64) throws(FileError) -> [UInt8] {
    try descriptor.read(upTo: count, at: offset, of: path)
  }

  /// The same, in the form that a network connection takes without copying it.
  public func buffer(upTo count: Int, at offset: Int64) throws(FileError) -> ByteBuffer {
    try descriptor.buffer(upTo: count, at: offset, of: path)
  }
}
