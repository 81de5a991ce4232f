/// One change of a job's state: the RENAME of its directory from one place to another (rule R2).
///
/// | transition | from                    | to                                        | by                               |
/// |------------|-------------------------|-------------------------------------------|----------------------------------|
/// | claim      | `incoming/J.e`          | `active/J.e.H.N`                          | any converter                    |
/// | publish    | `active/J.e.H.N`        | `done/J.e.N`                              | H, when `a.N/` is complete       |
/// | end        | `active/J.e.H.N`        | `incoming/J.(e+1)` or `failed/J.e.N`      | H                                |
/// | take back  | `active/J.e.H.N`        | `incoming/J.(e+1)` or `failed/J.e.M`      | whoever knows that H is dead     |
/// | cancel     | `incoming/`, `active/`  | `failed/J.e.M`                            | a person                         |
/// | retry      | `failed/J.e.N`          | `incoming/J.(e+1)`                        | a person                         |
///
/// The new name is the witness of each: it counts the attempt on, or holds a number that only this transition has, so
/// nobody else can have made it. That the old name is gone would prove nothing, since others move the job, too.
struct Transition: Hashable, Sendable {
  struct Place: Hashable, Sendable {
    let state: JobState
    let name: JobName
  }

  let source: Place
  let target: Place
  var witness: Move.Witness { .target }

  private init(_ sourceState: JobState, _ source: JobName, to targetState: JobState, _ target: JobName) {
    self.source = Place(state: sourceState, name: source)
    self.target = Place(state: targetState, name: target)
  }
}

extension Transition {
  static func claim(_ claim: Claim) -> Transition {
    Transition(.waiting, .waiting(claim.id, attempt: claim.attempt), to: .active, claim.name)
  }

  static func publish(_ claim: Claim) -> Transition { Transition(.active, claim.name, to: .done, claim.endedName) }

  /// What a verdict does to an owned job.
  static func end(_ claim: Claim, _ verdict: Verdict) -> Transition {
    switch verdict {
    case .tryAgain(let name): Transition(.active, claim.name, to: .waiting, name)
    case .giveUp(let name): Transition(.active, claim.name, to: .failed, name)
    }
  }

  /// `name` is a waiting or an owned job; the reason lies in `a.M/`, where M is `number`.
  static func cancel(_ name: JobName, in state: JobState, _ number: ClaimNumber) -> Transition {
    Transition(state, name, to: .failed, .ended(name.id, attempt: name.attempt, number))
  }

  static func retry(_ name: JobName) -> Transition {
    Transition(.failed, name, to: .waiting, .waiting(name.id, attempt: name.attempt + 1))
  }
}
