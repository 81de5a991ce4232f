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

  /// The next name that is neither `.` nor `..`, nor left out; nil at the end.
  func next(except isLeftOut: (String) -> Bool) throws(FileError) -> DirectoryEntry? {
    while let found = try unsafe read() {
      let (name, type) = unsafe found
      if let entry = try unsafe entry(name, type, isLeftOut) { return entry }
    }
    return nil
  }

  /// One entry as the system gives it: its name is there until the next one is read.
  private func read() throws(FileError) -> (name: UnsafePointer<CChar>, type: UInt8)? {
    // The end and an error look alike but for errno, readdir(3).
    Glibc.errno = 0
    guard let entry = unsafe readdir(stream) else {
      let cause = Errno.latest
      if cause.rawValue == 0 { return nil }
      throw FileError(operation: "list", path: path, errno: cause)
    }
    return unsafe (clinux_entry_name(entry), entry.pointee.d_type)
  }

  /// nil where it is the directory itself or its parent, is left out, or has gone since.
  private func entry(
    _ name: UnsafePointer<CChar>, _ type: UInt8, _ isLeftOut: (String) -> Bool
  ) throws(FileError) -> DirectoryEntry? {
    if let text = unsafe String(validatingCString: name) {
      if text == "." || text == ".." || isLeftOut(text) { return nil }
      let kind =
        if let kind = FileKind(entryType: type) { Optional(kind) } else { try kind(of: FilePath.Component(text)) }
      return kind.map { DirectoryEntry(name: text, kind: $0) }
    }
    let component = unsafe FilePath.Component(platformString: name)
    let kind = if let kind = FileKind(entryType: type) { Optional(kind) } else { try kind(of: component) }
    guard let component, let kind else { return nil }
    return DirectoryEntry(odd: component, kind: kind)
  }

  /// What the entry is, where the file system does not say it in the listing; nil when the entry has gone since.
  private func kind(of component: FilePath.Component?) throws(FileError) -> FileKind? {
    guard let component else { throw FileError(operation: "list", path: path, errno: .ioError) }
    return try Files.kind(of: component, in: unsafe dirfd(stream), at: path.appending(component))
  }
}
