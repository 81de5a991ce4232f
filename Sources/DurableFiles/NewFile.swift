internal import Glibc
public import SystemPackage

/// A file that is being written, and did not exist before.
///
/// Check what ``synchronize()`` and ``close()`` throw: on a full NFS disk every write succeeds and one of these says
/// that it did not. Whoever drops the value without closing it leaves the file as it is, to be removed by its owner.
public struct NewFile: ~Copyable, Sendable {
  /// Where the file was created.
  public let path: FilePath
  /// How many bytes ``write(_:)`` has appended.
  public private(set) var byteCount: Int64 = 0
  private let descriptor: Descriptor

  /// Creates the file, with `permissions` under the umask. Throws if there is a file of that name, be it a link.
  public init(creating path: FilePath, permissions: FilePermissions = .ordinary) throws(FileError) {
    self.path = path
    descriptor = try Descriptor(
      opening: path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, permissions: permissions, as: "create")
  }

  /// Gives a file that root has made to the owner of the directory that it is in; for others this does nothing.
  public func giveToOwnerOfDirectory() throws(FileError) { try descriptor.give(path, toOwnerOf: path.parent) }

  /// Appends all bytes.
  public mutating func write(_ bytes: Span<UInt8>) throws(FileError) {
    try write(bytes, at: byteCount)
    byteCount += Int64(bytes.count)
  }

  /// Writes all bytes at `offset`, over what is there. The place where ``write(_:)`` goes on does not move.
  public mutating func write(_ bytes: Span<UInt8>, at offset: Int64) throws(FileError) {
    try descriptor.write(bytes, at: offset, of: path)
  }

  /// Waits until the contents are on the disk. The name is not, before its directory is synchronized.
  public func synchronize() throws(FileError) { try descriptor.synchronize(path) }

  /// Waits until the contents are on the disk, and closes the file.
  public consuming func synchronizeAndClose() throws(FileError) {
    try synchronize()
    try close()
  }

  /// Closes the file. Throws what the system reports only now.
  public consuming func close() throws(FileError) {
    let path = path
    if let errno = descriptor.close() { throw FileError(operation: "close", path: path, errno: errno) }
  }
}

extension FilePermissions {
  /// Read and write for all whom the umask does not exclude: 0666.
  public static var ordinary: FilePermissions { [.ownerReadWrite, .groupReadWrite, .otherReadWrite] }
}
