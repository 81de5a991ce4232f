/// Where a job goes that its converter could not finish.
///
/// | the failure is         | attempts made | next                                      |
/// |------------------------|---------------|-------------------------------------------|
/// | certain (file's fault) | any           | `failed/J.e.N`                            |
/// | temporary              | below three   | `incoming/J.(e+1)`, with a growing pause  |
/// | temporary              | three or more | `failed/J.e.N`                            |
/// | none: given back       | any           | `incoming/J.(e+1)`                        |
public enum Verdict: Sendable, Equatable {
  case tryAgain(JobName)
  case giveUp(JobName)

  /// How often a job is begun before it is given up; a person's `retry` grants one more.
  public static let attempts = 3

  static func afterFailure(of claim: Claim, isCertain: Bool) -> Verdict {
    isCertain || claim.attempt + 1 >= attempts
      ? .giveUp(.ended(claim.id, attempt: claim.attempt, claim.number)) : givenBack(claim)
  }

  static func givenBack(_ claim: Claim) -> Verdict { .tryAgain(.waiting(claim.id, attempt: claim.attempt + 1)) }

  /// How long a job rests before its next attempt: 5 s, then 20 s, then 80 s and so on, an hour at most.
  public static func pause(beforeAttempt attempt: Int) -> Duration {
    attempt < 1 ? .zero : min(.seconds(5 * (1 << (2 * min(attempt - 1, 12)))), .seconds(3600))
  }
}
