internal import Glibc
public import SystemPackage

extension Files {
  /// Saves `bytes` under `path`, in place of what was there: after it returns they survive a power cut, and at no moment
  /// does `path` name an incomplete file.
  ///
  /// They are written to a temporary file in the same directory, whose name is hidden and ends in `.tmp`. It is removed
  /// after an error, and then `path` is as before, unless only the last step failed: then it names the whole new contents.
  public static func save(
    _ bytes: [UInt8], to path: FilePath, permissions: FilePermissions = .ordinary
  ) throws(FileError) {
    try replace(path, by: bytes, permissions, isDurable: true)
    try synchronize(directory: path.parent)
  }

  /// Leaves a hint under `path` that readers find whole or not at all, but that a power cut may take: nothing is waited for.
  public static func leaveHint(_ bytes: [UInt8], at path: FilePath) throws(FileError) {
    try replace(path, by: bytes, .ordinary, isDurable: false)
  }

  private static func replace(
    _ path: FilePath, by bytes: [UInt8], _ permissions: FilePermissions, isDurable: Bool
  ) throws(FileError) {
    let temporary = path.parent.appending(".save-\(randomDigits()).tmp")
    do {
      try create(temporary, with: bytes, permissions, isDurable: isDurable)
      try move(temporary, to: path)
    } catch {
      // Whether this succeeds is not the caller's question; a leftover is recognized by its name.
      try? unlink(temporary)
      throw error
    }
  }

  /// Nobody else moves this name: if it is gone after an error, the rename was done, and only its answer was lost (NFS).
  private static func move(_ temporary: FilePath, to path: FilePath) throws(FileError) {
    do { try rename(temporary, to: path) } catch {
      if try witness(temporary) { throw error }
    }
  }

  /// Reads a whole regular file. Throws EFBIG if it has more than `limit` bytes, and refuses what ``SourceFile`` refuses.
  public static func read(_ path: FilePath, limit: Int) throws(FileError) -> [UInt8] {
    var file = try SourceFile(reading: path)
    let size = try file.status().size
    guard size <= Int64(limit) else { throw FileError(operation: "read", path: path, errno: .fileTooLarge) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Int(size))
    while true {
      // One byte more than the file had, so that the usual file is seen to end where its length said.
      let more = try file.read(upTo: max(Int(size) - bytes.count, 0) + 1)
      if more.isEmpty { return bytes }
      bytes += more
      guard bytes.count <= limit else { throw FileError(operation: "read", path: path, errno: .fileTooLarge) }
    }
  }

  private static func create(
    _ path: FilePath, with bytes: [UInt8], _ permissions: FilePermissions, isDurable: Bool
  ) throws(FileError) {
    var file = try NewFile(creating: path, permissions: permissions)
    try file.giveToOwnerOfDirectory()
    try file.write(bytes.span)
    if isDurable { try file.synchronize() }
    try file.close()
  }

  /// 16 hexadecimal digits that no other process draws.
  private static func randomDigits() -> String {
    let digits = String(UInt64.random(in: .min ... .max), radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
