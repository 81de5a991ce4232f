public import SystemPackage

/// A file operation that the system refused.
///
/// The description is a whole sentence, such as `cannot rename /a to /b: No space left on device`.
public struct FileError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What was tried, as a verb that fits between "cannot" and the path: `rename`, `write to`.
  public let operation: String
  /// The file that it was tried on.
  public let path: FilePath
  /// The second file of a rename or link.
  public let target: FilePath?
  /// The system's answer.
  public let errno: Errno

  public init(operation: String, path: FilePath, target: FilePath? = nil, errno: Errno) {
    self.operation = operation
    self.path = path
    self.target = target
    self.errno = errno
  }

  public var description: String {
    guard let target else { return "cannot \(operation) \(path): \(errno)" }
    return "cannot \(operation) \(path) to \(target): \(errno)"
  }

  /// The disk is full, or the owner's share of it.
  public var isOutOfSpace: Bool { errno == .noSpace || errno == .diskQuotaExceeded }

  /// There is no file of that name.
  public var isAbsent: Bool { errno == .noSuchFileOrDirectory }

  /// Trying again later may help, since the cause lies in the system and not in the file or its name.
  public var isTemporary: Bool { isOutOfSpace || Self.passing.contains(errno.rawValue) }

  /// Errors of a busy machine, a failing disk, or a file server that is away or was restarted.
  private static let passing: Set<CInt> = Set(
    [
      Errno.interrupted, .ioError, .resourceTemporarilyUnavailable, .noMemory, .resourceBusy, .tooManyOpenFilesInSystem,
      .tooManyOpenFiles, .staleNFSFileHandle, .timedOut, .hostIsDown, .noRouteToHost, .networkDown, .networkUnreachable,
      .connectionRefused, .connectionReset, .noLocks,
    ].map(\.rawValue))
}
