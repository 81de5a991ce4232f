public import DurableFiles

/// Why the spool could not do what it was asked to.
public struct SpoolError: Error, Sendable, CustomStringConvertible {
  public enum Kind: Sendable, Equatable {
    /// A system call failed.
    case file
    /// The spool's directories are missing or may not be written.
    case unusable
    /// Nothing of that name is where it should be.
    case absent
    /// Something is there that the protocol does not know.
    case unreadable
    /// The bytes that came are not those that were announced.
    case incomplete
  }

  public let kind: Kind
  public let description: String
  public let cause: FileError?

  init(_ kind: Kind, _ sentence: String, cause: FileError? = nil) {
    self.kind = kind
    description = sentence
    self.cause = cause
  }

  init(_ error: FileError) { self.init(.file, error.description, cause: error) }

  /// Is the disk, or the owner's share of it, full?
  public var isOutOfSpace: Bool { cause?.isOutOfSpace ?? false }

  /// May the same call succeed later, with nothing else changed?
  public var isTemporary: Bool { cause?.isTemporary ?? false }
}

/// Does `work`, giving its file errors this module's type.
func spooling<Value: ~Copyable>(_ work: () throws(FileError) -> Value) throws(SpoolError) -> Value {
  do { return try work() } catch { throw SpoolError(error) }
}
