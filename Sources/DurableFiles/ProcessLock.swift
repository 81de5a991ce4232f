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
  ///
  /// A file that root creates is given to the owner of its directory, who could not take the lock otherwise.
  public init(path: FilePath) throws(FileError) {
    let descriptor = try Self.open(path)
    _ = try retry("lock", path) { flock(descriptor.number, LOCK_EX | LOCK_NB) }
    self.path = path
    self.descriptor = descriptor
  }

  /// A file that is there is given to nobody: it may be a second name of whatever file of root's.
  private static func open(_ path: FilePath) throws(FileError) -> Descriptor {
    do {
      let made = try Descriptor(opening: path, O_RDWR | O_CREAT | O_EXCL, permissions: .ordinary)
      try made.give(path, toOwnerOf: path.parent)
      return made
    } catch {
      guard error.errno == .fileExists else { throw error }
      return try Descriptor(opening: path, O_RDWR | O_NOFOLLOW)
    }
  }
}
