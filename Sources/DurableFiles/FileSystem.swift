internal import CLinux
internal import Glibc
public import SystemPackage

/// What is left on a file system for a process without privileges.
public struct FreeSpace: Sendable, Equatable {
  public let bytes: Int64
  /// How many files can be made; `Int64.max` where the file system has no fixed number.
  public let inodes: Int64
}

/// Where the files of a directory are held.
public enum FileSystem: Sendable, Equatable {
  /// This host's own disk or memory: no other host changes it, and inotify sees every change.
  case local
  /// Other hosts, or a program, may change the files unseen by inotify. The name is for people: `NFS`, `SMB`, `FUSE`.
  case remote(String)
}

extension Files {
  /// What is left on the file system that holds `path`.
  public static func freeSpace(at path: FilePath) throws(FileError) -> FreeSpace {
    var answer = statvfs()
    _ = try retry("ask for the free space at", path) {
      unsafe path.withPlatformString { unsafe statvfs($0, &answer) }
    }
    let bytes = UInt64(answer.f_bavail).multipliedReportingOverflow(by: UInt64(answer.f_frsize))
    return FreeSpace(
      bytes: bytes.overflow ? .max : Int64(clamping: bytes.partialValue),
      // btrfs and others make inodes as they go and report none at all.
      inodes: answer.f_files == 0 ? .max : Int64(clamping: answer.f_favail))
  }

  /// What kind of file system holds `path`.
  public static func fileSystem(at path: FilePath) throws(FileError) -> FileSystem {
    var answer = statfs()
    _ = try retry("ask for the file system of", path) {
      unsafe path.withPlatformString { unsafe statfs($0, &answer) }
    }
    return FileSystem(magic: UInt32(truncatingIfNeeded: answer.f_type))
  }
}

extension FileSystem {
  /// What the `f_type` of statfs(2) stands for. The kernel's header linux/magic.h names most of them; the cluster file
  /// systems after the gap keep theirs in their own sources.
  init(magic: UInt32) {
    switch Int64(magic) {
    case Int64(NFS_SUPER_MAGIC): self = .remote("NFS")
    case Int64(SMB_SUPER_MAGIC), Int64(CIFS_SUPER_MAGIC), Int64(SMB2_SUPER_MAGIC): self = .remote("SMB")
    case Int64(FUSE_SUPER_MAGIC): self = .remote("FUSE")
    case Int64(V9FS_MAGIC): self = .remote("9P")
    case Int64(CEPH_SUPER_MAGIC): self = .remote("Ceph")
    case Int64(AFS_SUPER_MAGIC), Int64(AFS_FS_MAGIC): self = .remote("AFS")
    case Int64(CODA_SUPER_MAGIC): self = .remote("Coda")
    case Int64(NCP_SUPER_MAGIC): self = .remote("NCP")
    case Int64(OCFS2_SUPER_MAGIC): self = .remote("OCFS2")

    case 0x0116_1970: self = .remote("GFS2")
    case 0x0BD0_0BD0: self = .remote("Lustre")
    case 0x4750_4653: self = .remote("GPFS")
    case 0x1983_0326: self = .remote("BeeGFS")
    case 0x786F_4256: self = .remote("VirtualBox shared folder")
    case 0xBACB_ACBC: self = .remote("VMware shared folder")
    default: self = .local
    }
  }
}
