internal import CLinux
internal import Glibc
internal import SystemPackage

/// A directory that is being read from its start, one name at a time.
@safe struct DirectoryListing: ~Copyable {
  private let stream: OpaquePointer
  private let path: FilePath

  init(_ path: FilePath) throws(FileError) {
    // opendir(3) sets O_CLOEXEC.
    guard let stream = unsafe path.withPlatformString({ unsafe opendir($0) }) else {
      throw FileError(operation: "list", path: path, errno: .latest)
    }
    unsafe self.stream = unsafe stream
    self.path = path
  }

  deinit { unsafe closedir(stream) }

  /// The next name that is neither `.` nor `..`; nil at the end.
  func next() throws(FileError) -> DirectoryEntry? {
    while let (component, type) = try read() {
      guard component.kind == .regular else { continue }
      if let kind = FileKind(entryType: type) { return DirectoryEntry(component: component, kind: kind) }
      if let kind = try kind(of: component) { return DirectoryEntry(component: component, kind: kind) }
    }
    return nil
  }

  /// One entry as the system gives it.
  private func read() throws(FileError) -> (FilePath.Component, type: UInt8)? {
    // The end and an error look alike but for errno, readdir(3).
    Glibc.errno = 0
    guard let entry = unsafe readdir(stream) else {
      let cause = Errno.latest
      if cause.rawValue == 0 { return nil }
      throw FileError(operation: "list", path: path, errno: cause)
    }
    guard let component = unsafe FilePath.Component(platformString: clinux_entry_name(entry)) else {
      throw FileError(operation: "list", path: path, errno: .ioError)
    }
    return unsafe (component, entry.pointee.d_type)
  }

  /// What the entry is, where the file system does not say it in the listing; nil when the entry has gone since.
  private func kind(of component: FilePath.Component) throws(FileError) -> FileKind? {
    try Files.kind(of: component, in: unsafe dirfd(stream), at: path.appending(component))
  }
}
