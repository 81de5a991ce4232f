import DurableFiles
import Foundation
import Glibc
import SystemPackage

/// A directory for one test, removed with all that is in it at the end of its life.
final class TemporaryDirectory: Sendable {
  let path: FilePath

  init() throws {
    path = FilePath(NSTemporaryDirectory()).appending("DurableFilesTests-\(UUID().uuidString)")
    try Files.makeDirectory(path)
  }

  deinit { try? FileManager.default.removeItem(atPath: path.string) }

  /// Makes a file, or replaces what it holds.
  @discardableResult func file(_ name: String, _ contents: String = "") throws -> FilePath {
    try Data(contents.utf8).write(to: URL(filePath: self(name).string))
    return self(name)
  }

  /// Makes a symbolic link.
  @discardableResult func link(_ name: String, to target: FilePath) throws -> FilePath {
    try FileManager.default.createSymbolicLink(atPath: self(name).string, withDestinationPath: target.string)
    return self(name)
  }

  /// Makes a named pipe.
  @discardableResult func pipe(_ name: String) throws -> FilePath {
    if unsafe mkfifo(self(name).string, 0o600) != 0 { throw Errno(rawValue: errno) }
    return self(name)
  }

  /// The names that are in it.
  var names: Set<String> { get throws { Set(try Files.list(path).map(\.name)) } }

  func callAsFunction(_ name: String) -> FilePath { path.appending(name) }
}

/// A small disk of its own, in memory.
final class SmallDisk: Sendable {
  let path: FilePath

  /// Mounts it, for which Linux asks for CAP_SYS_ADMIN.
  init(bytes: Int, files: Int) throws {
    path = FilePath(NSTemporaryDirectory()).appending("DurableFilesTests-\(UUID().uuidString)")
    try Files.makeDirectory(path)
    let options = "size=\(bytes),nr_inodes=\(files)"
    let result = unsafe options.withCString { unsafe mount("tmpfs", path.string, "tmpfs", 0, $0) }
    if result != 0 {
      let cause = Errno(rawValue: errno)
      try Files.removeDirectory(path)
      throw cause
    }
  }

  deinit {
    _ = unsafe umount2(path.string, CInt(MNT_DETACH))
    try? Files.removeDirectory(path)
  }

  static let isPossible = (try? SmallDisk(bytes: 4096, files: 8)) != nil
}
