internal import Glibc
public import SystemPackage

/// What a directory entry is. A symbolic link is never followed.
public enum FileKind: Sendable, Equatable {
  case file, directory, symbolicLink
  /// A named pipe, socket or device.
  case other
}

/// One name in a directory.
public struct DirectoryEntry: Sendable, Equatable {
  public let kind: FileKind
  /// The name to show. Bytes that are not UTF-8 are replaced, so a file is opened by its ``component`` instead.
  public let name: String
  /// The name's bytes where they are not UTF-8. Most are, and a listing of very many names makes no more than it must.
  private let odd: FilePath.Component?

  /// The name, exactly as the file system holds it: any bytes but `/` and NUL.
  public var component: FilePath.Component { odd ?? FilePath.Component(name)! }

  init(name: String, kind: FileKind) { (self.name, odd, self.kind) = (name, nil, kind) }
  init(odd: FilePath.Component, kind: FileKind) { (name, self.odd, self.kind) = (odd.string, odd, kind) }
}

/// What lstat(2) says of a file.
public struct FileStatus: Sendable, Equatable {
  public let kind: FileKind
  /// Length in bytes.
  public let size: Int64
  /// Time of the last change of the contents, since 1970-01-01 UTC, by the clock of the host or server that holds the file.
  public let modified: Duration
  /// Time of the last change of the status, such as a rename, since 1970-01-01 UTC, by the same clock.
  public let changed: Duration
  public let inode: UInt64
  public let device: UInt64
  /// How many names the file has.
  public let linkCount: Int
  /// The id of the user whose file it is, as this host sees it.
  public let owner: UInt32
}

/// When a directory was changed last, by the clock of the host or server that holds it.
public struct DirectoryTimes: Sendable, Hashable {
  public let modified: Duration
  public let changed: Duration
  /// How many names the directory has: on many file systems two and one for each directory in it.
  public let linkCount: Int

  public init(modified: Duration, changed: Duration, linkCount: Int) {
    (self.modified, self.changed, self.linkCount) = (modified, changed, linkCount)
  }
}

extension FileStatus {
  init(_ status: stat) {
    kind = FileKind(mode: status.st_mode)
    size = Int64(status.st_size)
    modified = .seconds(Int64(status.st_mtim.tv_sec)) + .nanoseconds(Int64(status.st_mtim.tv_nsec))
    changed = .seconds(Int64(status.st_ctim.tv_sec)) + .nanoseconds(Int64(status.st_ctim.tv_nsec))
    inode = UInt64(status.st_ino)
    device = UInt64(status.st_dev)
    linkCount = Int(status.st_nlink)
    owner = UInt32(status.st_uid)
  }
}

extension FileKind {
  /// The file type in a `st_mode`, inode(7).
  init(mode: mode_t) {
    switch mode & S_IFMT {
    case S_IFREG: self = .file
    case S_IFDIR: self = .directory
    case S_IFLNK: self = .symbolicLink
    default: self = .other
    }
  }

  /// The type in a directory entry, readdir(3); nil where the file system leaves it out.
  init?(entryType: UInt8) {
    switch Int(entryType) {
    case Int(DT_REG): self = .file
    case Int(DT_DIR): self = .directory
    case Int(DT_LNK): self = .symbolicLink
    case Int(DT_UNKNOWN): return nil
    default: self = .other
    }
  }
}
