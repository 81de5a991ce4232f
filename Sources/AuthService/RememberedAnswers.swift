public import Tokens

/// What an auth service said of tokens, for a short while; by their digests, so that no token is kept.
public struct RememberedAnswers {
  private var entries: [[UInt8]: (answer: Result<Caller, TokenError>, at: ContinuousClock.Instant)] = [:]

  /// How long an answer counts.
  public static let freshness = Duration.seconds(30)
  /// How long one counts where no new one is to be had.
  public static let patience = Duration.seconds(300)
  public static let countLimit = 10_000

  public init() {}

  /// nil: ask.
  public func answer(for digest: [UInt8], at now: ContinuousClock.Instant) -> Result<Caller, TokenError>? {
    guard let entry = entries[digest], now - entry.at < Self.freshness else { return nil }
    return entry.answer
  }

  /// Who it was when the service still answered.
  public func lastResort(for digest: [UInt8], at now: ContinuousClock.Instant) -> Caller? {
    guard let entry = entries[digest], now - entry.at < Self.patience else { return nil }
    return try? entry.answer.get()
  }

  /// - Parameter now: when it was asked for. An answer to a later question stays: it knows more.
  public mutating func remember(
    _ answer: Result<Caller, TokenError>, for digest: [UInt8], at now: ContinuousClock.Instant
  ) {
    if let known = entries[digest], known.at > now { return }
    if entries.count >= Self.countLimit { entries = entries.filter { now - $0.value.at < Self.freshness } }
    // Still full: more tokens in half a minute than there are people. They are asked about again.
    if entries.count >= Self.countLimit { entries = [:] }
    entries[digest] = (answer, now)
  }
}
