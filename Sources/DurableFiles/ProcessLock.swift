internal import Glibc
public import SystemPackage

/// The proof that no other process on this host uses something, such as the index, as long as the value lives.
///
/// It is an advisory lock (flock(2)) on a file that stays when the lock goes; the system releases it when the process
/// ends, however it ends. A child shares the lock until it calls exec. Not for network file systems: the spool itself
/// knows no locks.
public struct ProcessLock: ~Copyable, Sendable {
  /// The file that carries the lock.
  public let path: FilePath
  private let descriptor: Descriptor

  /// Takes the lock, creating the file if need be. Throws EWOULDBLOCK at once if another process holds it.
  public init(path: FilePath) throws(FileError) {
    let descriptor = try Descriptor(opening: path, O_RDWR | O_CREAT | O_NOFOLLOW, permissions: .ordinary)
    _ = try retry("lock", path) { flock(descriptor.number, LOCK_EX | LOCK_NB) }
    self.path = path
    self.descriptor = descriptor
  }
}
