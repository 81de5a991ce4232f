internal import Glibc
public import SystemPackage

extension Files {
  /// Does some process of this host have the file open for writing? nil where that cannot be told: on a network file
  /// system, or for somebody else's file.
  ///
  /// A read lease is granted only on a file that nobody writes to (fcntl(2), F_SETLEASE). It is given back at once; a
  /// writer who opens the file within that moment waits for it and does not notice.
  public static func isOpenForWriting(_ path: FilePath) throws(FileError) -> Bool? {
    leaseBreaksAreIgnored
    let file = try SourceFile(reading: path)
    if fcntl(file.fileDescriptor, setLease, F_RDLCK) == 0 {
      _ = fcntl(file.fileDescriptor, setLease, F_UNLCK)
      return false
    }
    return errno == EAGAIN ? true : nil
  }

  /// F_SETLEASE, which glibc declares for _GNU_SOURCE only (linux/fcntl.h: F_LINUX_SPECIFIC_BASE + 0).
  private static let setLease: CInt = 1024

  /// The kernel tells the holder of a lease by SIGIO that it must go, and SIGIO ends a process that does not expect it.
  private static let leaseBreaksAreIgnored: Void = { _ = signal(SIGIO, SIG_IGN) }()
}
