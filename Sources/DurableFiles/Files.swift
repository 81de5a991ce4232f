internal import Glibc
public import SystemPackage

/// Names in the file system. Every call blocks, so none belongs on the cooperative thread pool.
public enum Files {
  /// Makes a directory, with mode 0777 under the umask. Its parent must exist, and its name be free.
  public static func makeDirectory(_ path: FilePath) throws(FileError) {
    try check("make the directory", path, unsafe path.withPlatformString { unsafe mkdir($0, 0o777) })
  }

  /// Makes a directory unless it is there already. Another file of that name is an error.
  ///
  /// - Parameter mayBeLink: whether a link to a directory will do.
  public static func makeDirectoryIfAbsent(_ path: FilePath, mayBeLink: Bool = false) throws(FileError) {
    _ = try makesDirectory(path, mayBeLink: mayBeLink)
  }

  /// Makes a directory like ``makeDirectoryIfAbsent(_:mayBeLink:)``. One that root makes is given to the owner of the
  /// directory that it is in: a service could not use root's.
  public static func makeOwnersDirectoryIfAbsent(_ path: FilePath, mayBeLink: Bool = false) throws(FileError) {
    guard try makesDirectory(path, mayBeLink: mayBeLink), geteuid() == 0 else { return }
    try Descriptor(opening: path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW).give(path, toOwnerOf: path.parent)
  }

  /// - Returns: false where it was there.
  private static func makesDirectory(_ path: FilePath, mayBeLink: Bool) throws(FileError) -> Bool {
    do { try makeDirectory(path) } catch {
      guard error.errno == .fileExists, try isDirectory(path, mayBeLink: mayBeLink) else { throw error }
      return false
    }
    return true
  }

  private static func isDirectory(_ path: FilePath, mayBeLink: Bool) throws(FileError) -> Bool {
    guard mayBeLink else { return try status(path)?.kind == .directory }
    var status = stat()
    try check("look at", path, unsafe path.withPlatformString { unsafe stat($0, &status) })
    return FileStatus(status).kind == .directory
  }

  /// Gives `source` the name `target`, in place of what had it before (rename(2)).
  ///
  /// Over NFS an error does not prove that nothing happened: ask a ``witness(_:)``.
  public static func rename(_ source: FilePath, to target: FilePath) throws(FileError) {
    let result = unsafe source.withPlatformString { source in
      unsafe target.withPlatformString { target in unsafe Glibc.rename(source, target) }
    }
    try check("rename", source, target: target, result)
  }

  /// Gives the file a second name, which must be free. A symbolic link is linked itself, not what it points to.
  public static func link(_ source: FilePath, to target: FilePath) throws(FileError) {
    let result = unsafe source.withPlatformString { source in
      unsafe target.withPlatformString { target in unsafe Glibc.link(source, target) }
    }
    try check("link", source, target: target, result)
  }

  /// Removes one name of a file.
  public static func unlink(_ path: FilePath) throws(FileError) {
    try check("remove", path, unsafe path.withPlatformString { unsafe Glibc.unlink($0) })
  }

  /// Removes a file that nobody else makes or moves, unless it is gone: a file server may have removed it and lost the
  /// answer, and then the client asks again.
  public static func unlinkIfPresent(_ path: FilePath) throws(FileError) {
    do { try unlink(path) } catch {
      if !error.isAbsent { throw error }
    }
  }

  /// Removes an empty directory.
  public static func removeDirectory(_ path: FilePath) throws(FileError) {
    try check("remove the directory", path, unsafe path.withPlatformString { unsafe rmdir($0) })
  }

  /// Waits until the names that were made, changed or removed in `directory` are on the disk.
  public static func synchronize(directory: FilePath) throws(FileError) {
    try Descriptor(opening: directory, O_RDONLY | O_DIRECTORY).synchronize(directory)
  }

  /// What the system says of the file, without following a symbolic link; nil where there is none of that name.
  public static func status(_ path: FilePath) throws(FileError) -> FileStatus? {
    var status = stat()
    let result = unsafe path.withPlatformString { unsafe lstat($0, &status) }
    if result != 0, Errno.latest == .noSuchFileOrDirectory { return nil }
    try check("look at", path, result)
    return FileStatus(status)
  }

  /// Whether the name exists, asked through its parent directory, opened anew.
  ///
  /// An NFS client remembers for half a minute that a name was absent, or there; opening the directory makes it ask the
  /// server for changes (close-to-open, nfs(5) "Data and metadata coherence"). A parent that is gone throws.
  public static func witness(_ path: FilePath) throws(FileError) -> Bool {
    guard let name = path.lastComponent else {
      throw FileError(operation: "look for", path: path, errno: .invalidArgument)
    }
    let parent = try Descriptor(opening: path.parent, O_RDONLY | O_DIRECTORY)
    return try kind(of: name, in: parent.number, at: path) != nil
  }

  /// When `directory` was changed last. It is opened anew, so that an NFS client asks its server (close-to-open).
  public static func times(of directory: FilePath) throws(FileError) -> DirectoryTimes {
    let status = try Descriptor(opening: directory, O_RDONLY | O_DIRECTORY).status(of: directory)
    return DirectoryTimes(modified: status.modified, changed: status.changed, linkCount: status.linkCount)
  }

  /// All names in `directory` but `.` and `..`, in no order. It is opened anew for each call, so that over NFS other
  /// hosts' changes are seen. A name that comes or goes meanwhile may be listed or not.
  ///
  /// - Parameter isLeftOut: names that are not wanted. On NFS each of the others may cost a request to tell what it is.
  public static func list(
    _ directory: FilePath, except isLeftOut: (String) -> Bool = { _ in false }
  ) throws(FileError) -> [DirectoryEntry] {
    let listing = try DirectoryListing(directory)
    var entries: [DirectoryEntry] = []
    while let entry = try listing.next(except: isLeftOut) { entries.append(entry) }
    return entries
  }

  /// The names in `directory` that are UTF-8, of whatever kind; otherwise like ``list(_:except:)``.
  public static func names(in directory: FilePath) throws(FileError) -> [String] {
    var names: [String] = []
    // Each is left out when its name is known: what it is is not asked.
    _ = try list(directory) { name in
      names.append(name)
      return true
    }
    return names
  }

  /// What `name` is in an open directory; nil where it is not.
  static func kind(
    of name: FilePath.Component, in directory: CInt, at path: FilePath
  ) throws(FileError) -> FileKind? {
    var status = stat()
    let result = unsafe name.withPlatformString { unsafe fstatat(directory, $0, &status, AT_SYMLINK_NOFOLLOW) }
    if result != 0, Errno.latest == .noSuchFileOrDirectory { return nil }
    try check("look for", path, result)
    return FileKind(mode: status.st_mode)
  }
}

extension FilePath {
  /// The directory that holds the name.
  var parent: FilePath {
    let parent = removingLastComponent()
    return parent.isEmpty ? "." : parent
  }
}
