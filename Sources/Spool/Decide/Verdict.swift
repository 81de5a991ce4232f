/// Where a job goes that its converter could not finish.
///
/// | the failure is                                  | so many of its kind | next                                     |
/// |-------------------------------------------------|---------------------|------------------------------------------|
/// | the file's fault (certain)                      | any                 | `failed/`                                |
/// | the host's fault (disk, file server)            | fewer than twelve   | `incoming/J.(e+1)`, with a growing pause |
/// | nobody's for certain (the decoder or host died) | fewer than three    | `incoming/J.(e+1)`, with a growing pause |
/// | either, but so often                            | more                | `failed/`                                |
/// | none: given back                                | any                 | `incoming/J.(e+1)`, at once              |
///
/// Failures are counted by the reasons that lie in the job: being given back, as at a stop, costs no attempt. On a full
/// disk no reason can be kept, so the number of attempts is bounded, too.
public enum Verdict: Sendable, Hashable {
  case tryAgain(JobName)
  case giveUp(JobName)

  /// How often a job may fail for a reason that may be its own; a person's `retry` grants one more.
  static let attempts = 3
  /// How often it may fail for the host's reasons: with the pauses between them that is seven hours.
  static let attemptsOnBadHosts = 12
  /// More than any job has that fails with its reasons kept.
  static let attemptsInAll = 100

  /// - Parameters:
  ///   - number: what the job is called after if it is given up: the number of the output that holds the reason.
  ///   - earlier: the reasons of the attempts before, in any order.
  static func afterFailure(
    of claim: Claim, _ failure: JobFailure, _ number: ClaimNumber, earlier: [JobFailure]
  ) -> Verdict {
    isLast(failure, attempt: claim.attempt, earlier: earlier)
      ? .giveUp(.ended(claim.id, attempt: claim.attempt, number)) : givenBack(claim)
  }

  static func givenBack(_ claim: Claim) -> Verdict { .tryAgain(.waiting(claim.id, attempt: claim.attempt + 1)) }

  private static func isLast(_ failure: JobFailure, attempt: Int, earlier: [JobFailure]) -> Bool {
    if failure.isCertain || attempt + 1 >= attemptsInAll { return true }
    let ofItsKind = 1 + earlier.count { !$0.isCertain && $0.isOfHost == failure.isOfHost }
    return ofItsKind >= (failure.isOfHost ? attemptsOnBadHosts : attempts)
  }

  /// How long the waiting job `name` rests before it is claimed: after its first failure 5 s, then 20 s, 80 s and so on,
  /// an hour at most. It does not rest where its last attempt was given back, or where a person had it tried again.
  ///
  /// Each host counts the pause from when it first sees the name: hosts' clocks are never compared (rule R6).
  ///
  /// - Parameter failures: the reasons that lie in the job.
  public static func pause(before name: JobName, after failures: [JobFailure]) -> Duration {
    guard let last = failures.first(where: { $0.attempt == name.attempt - 1 }) else { return .zero }
    let earlier = failures.filter { $0.attempt < last.attempt }
    guard !isLast(last, attempt: last.attempt, earlier: earlier) else { return .zero }
    return pause(afterFailures: earlier.count { !$0.isCertain } + 1)
  }

  static func pause(afterFailures count: Int) -> Duration {
    count < 1 ? .zero : min(.seconds(5 * (1 << (2 * min(count - 1, 12)))), .seconds(3600))
  }
}
