/// One RENAME of a job's directory: what to do next, decided without touching a file.
///
/// A rename that failed says little: over NFS it may have happened although it was answered with an error (rule R3). So
/// after any error the *witness* is asked, the name that only this move can have made or removed.
///
/// | rename says | the witness says                     | next                                             |
/// |-------------|--------------------------------------|--------------------------------------------------|
/// | done        | not asked                            | `.finished(.moved)`                              |
/// | error       | it happened                          | `.finished(.moved)`                              |
/// | error       | not, and the source is there         | rename again, up to three times; then `.failed`  |
/// | error       | not, and the source is gone          | `.finished(.lost)`: somebody else moved the job  |
struct Move: Hashable {
  /// The name that proves that the move has happened.
  enum Witness {
    /// The old name is gone. For names that nobody else moves, since only this move can have taken it away.
    case source
    /// The new name is there. For new names that hold this claim's own number, which nobody else can make.
    case target
  }

  enum Action: Equatable { case rename, look, finished(Outcome), failed }

  enum Outcome: Equatable { case moved, lost }

  static let tries = 3

  let witness: Witness
  private var renames = 0

  init(witness: Witness) { self.witness = witness }

  mutating func start() -> Action {
    renames = 1
    return .rename
  }

  /// What follows a rename that reported success, or not.
  func renamed(successfully: Bool) -> Action { successfully ? .finished(.moved) : .look }

  /// What follows a look at both names, with their parents opened anew.
  mutating func looked(sourceExists: Bool, targetExists: Bool) -> Action {
    let happened =
      switch witness {
      case .source: !sourceExists
      case .target: targetExists
      }
    if happened { return .finished(.moved) }
    guard sourceExists else { return .finished(.lost) }
    guard renames < Self.tries else { return .failed }
    renames += 1
    return .rename
  }
}
