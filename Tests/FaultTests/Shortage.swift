import Foundation
import Glibc

@testable import EndToEndTests

/// A small disk on which nothing is left of something.
struct Shortage: Sendable, CustomStringConvertible {
  enum Good: String, Sendable, CaseIterable { case room, inodes }

  let disk: Disk
  let good: Good

  var description: String { "\(good.rawValue) on \(disk.kind)" }

  private var filler: URL { URL(filePath: disk.path).appending(path: "filler") }

  /// - Parameter rest: so many bytes, or inodes, are left.
  func begin(leaving rest: Int = 0) throws {
    try FileManager.default.createDirectory(at: filler, withIntermediateDirectories: true)
    switch good {
    case .room: try fill(butFor: rest)
    case .inodes:
      while try makeFile() {}
      for file in try FileManager.default.contentsOfDirectory(at: filler, includingPropertiesForKeys: nil).prefix(rest)
      {
        try FileManager.default.removeItem(at: file)
      }
    }
  }

  /// Makes room again.
  func end() throws { try FileManager.default.removeItem(at: filler) }

  /// Writes until not a byte more is taken.
  private func fill(butFor rest: Int) throws {
    let file = unsafe open(filler.appending(path: "bytes").path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw Disappointment(description: "the filler cannot be made: \(errno)") }
    defer { close(file) }
    for size in [1 << 16, 1 << 10, 1] {
      let bytes = [UInt8](repeating: 1, count: size)
      while unsafe write(file, bytes, size) > 0 {}
      guard errno == ENOSPC else { throw Disappointment(description: "the disk is not full: \(errno)") }
    }
    guard ftruncate(file, lseek(file, 0, SEEK_END) - off_t(rest)) == 0 else {
      throw Disappointment(description: "the filler cannot be cut: \(errno)")
    }
  }

  /// Makes one more empty file, if there is an inode left for it.
  private func makeFile() throws -> Bool {
    let path = filler.appending(path: UUID().uuidString).path
    let file = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file < 0 else {
      close(file)
      return true
    }
    guard errno == ENOSPC else { throw Disappointment(description: "the disk is not full: \(errno)") }
    return false
  }
}
