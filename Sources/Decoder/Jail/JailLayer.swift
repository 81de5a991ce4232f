/// One of the walls around a decoder's child.
public enum JailLayer: UInt8, Sendable, Hashable, CaseIterable {
  /// No privilege is held and none can be gained, not even by running another program.
  case noNewPrivileges
  /// The child runs as a user that owns nothing, each child as another one. Only root can do that; where the service is
  /// not root, it is not needed.
  case otherUser
  /// Memory, processor time, files, processes and core dumps are limited.
  case limits
  /// The child is in a network namespace without an interface. It comes on top, where the system allows it: without it
  /// `landlock` and `seccomp` keep the child from the network.
  case emptyNetwork
  /// No file can be opened, changed or removed.
  case landlock
  /// A system call that decoding does not need ends the child.
  case seccomp

  /// Whether a jail without it is incomplete.
  public var isRequired: Bool { self != .emptyNetwork }

  /// What people call it.
  public var name: String {
    switch self {
    case .noNewPrivileges: "no new privileges"
    case .otherUser: "another user"
    case .limits: "resource limits"
    case .emptyNetwork: "empty network namespace"
    case .landlock: "Landlock"
    case .seccomp: "system call filter"
    }
  }
}

/// Whether a decoder may work in a jail that lacks a wall.
public enum SandboxPolicy: String, Sendable, Hashable, CaseIterable {
  /// As `required` where the system offers each required layer, else as `best-effort`.
  case automatic
  /// No decoder without each required layer.
  case required
  /// Whatever the system offers; `JailReport` says what is missing.
  case bestEffort = "best-effort"
}
