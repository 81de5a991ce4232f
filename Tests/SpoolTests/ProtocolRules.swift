@testable import Spool

/// What the explorer tries out: the decisions of the protocol, which are the spool's own, or those of a mutant of it.
protocol ProtocolRules {
  associatedtype Moving: MoveRules

  func claim(_ claim: Claim) -> Transition
  func publish(_ claim: Claim) -> Transition
  /// What becomes of a claim whose owner is taken for dead; nil where nobody takes claims back.
  func takeBack(_ claim: Claim, _ number: ClaimNumber, earlier: [JobFailure]) -> Transition?
  func move(_ transition: Transition) -> Moving
  /// The number that a claim bears for which this one was drawn.
  func number(_ drawn: ClaimNumber) -> ClaimNumber
  /// Does taking a claim back touch its output before the rename?
  var clearsOutputFirst: Bool { get }
}

extension ProtocolRules {
  func claim(_ claim: Claim) -> Transition { .claim(claim) }
  func publish(_ claim: Claim) -> Transition { .publish(claim) }
  func takeBack(_ claim: Claim, _ number: ClaimNumber, earlier: [JobFailure]) -> Transition? {
    .end(claim, .afterFailure(of: claim, .converterDied, number, earlier: earlier))
  }
  func number(_ drawn: ClaimNumber) -> ClaimNumber { drawn }
  var clearsOutputFirst: Bool { false }
}

extension ProtocolRules where Moving == Move {
  func move(_ transition: Transition) -> Move { Move(witness: transition.witness) }
}

/// How one RENAME is carried through: by `Move`, or by a mutant of it.
protocol MoveRules: Hashable {
  mutating func start() -> Move.Action
  func renamed(successfully: Bool) -> Move.Action
  mutating func looked(sourceExists: Bool, targetExists: Bool) -> Move.Action
}

extension Move: MoveRules {}

struct RealRules: ProtocolRules { typealias Moving = Move }

/// All claims write into the same directory of the job.
struct OneOutputForAll: ProtocolRules {
  typealias Moving = Move
  private static let number = ClaimNumber()
  func number(_ drawn: ClaimNumber) -> ClaimNumber { Self.number }
}

/// A job that is taken back gets its former name.
struct OneNameForAllAttempts: ProtocolRules {
  typealias Moving = Move
  func takeBack(_ claim: Claim, _ number: ClaimNumber, earlier: [JobFailure]) -> Transition? {
    .end(claim, .tryAgain(.waiting(claim.id, attempt: claim.attempt)))
  }
}

/// Whoever takes a claim back clears its output before the rename, as mp3spool once did.
struct ClearingTakers: ProtocolRules {
  typealias Moving = Move
  var clearsOutputFirst: Bool { true }
}

/// That the old name is gone is taken for a proof.
struct SourceAsWitness: ProtocolRules {
  func move(_ transition: Transition) -> Move { Move(witness: .source) }
}

/// An error is taken for a lost answer, and nobody looks.
struct Trusting: ProtocolRules {
  struct Moving: MoveRules {
    mutating func start() -> Move.Action { .rename }
    func renamed(successfully: Bool) -> Move.Action { .finished(.moved) }
    mutating func looked(sourceExists: Bool, targetExists: Bool) -> Move.Action { .finished(.moved) }
  }

  func move(_ transition: Transition) -> Moving { Moving() }
}

struct NobodyTakesBack: ProtocolRules {
  typealias Moving = Move
  func takeBack(_ claim: Claim, _ number: ClaimNumber, earlier: [JobFailure]) -> Transition? { nil }
}
