import Foundation
import Glibc
import Testing

/// A small file system of its own at `path`, as long as `withDisk` lasts.
struct Disk: Sendable {
  enum Kind: Sendable, CaseIterable {
    /// In memory: `size=2m,nr_inodes=150`.
    case tmpfs
    /// In a file, through a loop device: what is written to it survives a power cut if it was synchronized.
    case ext4
  }

  let kind: Kind
  let path: String
  private let image: String
  private let scratch: Scratch

  /// Makes and mounts a file system, and unmounts it in any case.
  static func with(
    _ kind: Kind, of size: Size, at path: String, in scratch: Scratch, _ body: (Disk) async throws -> Void
  ) async throws {
    let disk = Disk(kind: kind, path: path, image: scratch.path("disk-\(UUID().uuidString)"), scratch: scratch)
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try await disk.make(size)
    do { try await body(disk) } catch {
      await disk.remove()
      throw error
    }
    await disk.remove()
  }

  struct Size: Sendable {
    let megabytes: Int
    var inodes = 10_000
  }

  private func make(_ size: Size) async throws {
    switch kind {
    case .tmpfs:
      let options = "size=\(size.megabytes)m,nr_inodes=\(size.inodes)"
      try await scratch.run("mount", ["-t", "tmpfs", "-o", options, "mp3spool-test", path])
    case .ext4:
      try await scratch.run("truncate", ["-s", "\(size.megabytes)M", image])
      try await scratch.run("mkfs.ext4", ["-q", "-F", "-m", "0", "-N", "\(size.inodes)", image])
      try await mount()
    }
  }

  /// The loop device goes when it is unmounted (mount(8), "-o loop").
  private func mount() async throws { try await scratch.run("mount", ["-o", "loop", image, path]) }

  private func remove() async {
    _ = try? await scratch.tool("umount", ["--lazy", path])
    try? FileManager.default.removeItem(atPath: image)
  }

  /// Cuts the power: from now on nothing reaches the disk, and every call that would need it answers EIO. It is
  /// EXT4_IOC_SHUTDOWN with EXT4_GOING_FLAGS_NOLOGFLUSH (linux/fs/ext4/ext4.h).
  func cutPower() throws {
    let directory = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    defer { close(directory) }
    var withoutFlush: UInt32 = 2
    guard unsafe ioctl(directory, 0x8004_587D, &withoutFlush) == 0 else {
      throw Disappointment(description: "the power cannot be cut: \(unsafe String(cString: strerror(errno)))")
    }
  }

  /// Brings the power back, after all who used the disk have ended.
  func restorePower() async throws {
    try await eventually("an idle disk", within: .seconds(20)) {
      try await scratch.tool("umount", [path]).status == 0
    }
    try await mount()
  }

  /// May this process mount such a file system here? In a container often not even root may.
  static func isPossible(_ kind: Kind) -> Bool {
    guard geteuid() == 0 else { return false }
    let attempt =
      switch kind {
      case .tmpfs: "mount -t tmpfs mp3spool-test /mnt"
      case .ext4:
        "d=$(mktemp -d) && mount -t tmpfs mp3spool-test $d && truncate -s 2M $d/i && mkfs.ext4 -q -F $d/i && mount -o loop $d/i /mnt"
      }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["unshare", "--mount", "sh", "-c", attempt]
    (process.standardError, process.standardOutput) = (FileHandle.nullDevice, FileHandle.nullDevice)
    do { try process.run() } catch { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }
}
