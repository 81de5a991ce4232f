import Foundation

/// How long an account is not tried after wrong passwords: the decision alone.
///
/// Five tries are free; then the pauses are 1, 2, 4 … seconds, up to a quarter of an hour. After a day without a wrong try,
/// or with the right password, all is forgotten. So nobody makes more than some hundred guesses a day at one account, and
/// somebody who forgot a password waits for seconds.
struct LoginDelay: Sendable, Equatable {
  /// Wrong tries in a row.
  var failures = 0
  /// When the last of them was.
  var lastFailure: Date?

  static let freeTries = 5
  static let longest: TimeInterval = 900
  static let memory: TimeInterval = 24 * 60 * 60

  /// How much longer nothing is tried; nil where a try is welcome.
  func remaining(at now: Date) -> Duration? {
    guard let lastFailure, failures >= Self.freeTries else { return nil }
    // A clock that was set back must not make the pause longer than it was.
    let passed = max(0, now.timeIntervalSince(lastFailure))
    let rest = pause - passed
    return rest > 0 ? .milliseconds(Int((rest * 1000).rounded(.up))) : nil
  }

  /// What is known after one more wrong try.
  func afterFailure(at now: Date) -> LoginDelay {
    let isForgotten = lastFailure.map { now.timeIntervalSince($0) > Self.memory } ?? true
    return LoginDelay(failures: isForgotten ? 1 : failures + 1, lastFailure: now)
  }

  private var pause: TimeInterval { min(Self.longest, pow(2, Double(min(failures - Self.freeTries, 20)))) }
}
