import Glibc
import Synchronization

/// What was tried, over all tests of this run. It is told at the end of the process.
enum Tally {
  enum Trouble: String, CaseIterable, Sendable {
    case kill = "kills"
    case error = "errors"
    case lostReply = "lost replies"
    case zombie = "zombies"
    case powerCut = "power cuts"
    case fullDisk = "full disks"
  }

  private struct State {
    var counts: [String: [Trouble: Int]] = [:]
    var slowestRecovery = Duration.zero
  }

  private static let state = {
    atexit { Tally.tell() }
    return Mutex(State())
  }()

  /// Counts one trial in which `subject` met with `trouble`.
  static func count(_ trouble: Trouble, of subject: String) {
    state.withLock { $0.counts[subject, default: [:]][trouble, default: 0] += 1 }
  }

  /// Notes how long a service took from its start until all was done.
  static func noteRecovery(_ time: Duration) {
    state.withLock { $0.slowestRecovery = max($0.slowestRecovery, time) }
  }

  /// A line for each step or service, and one for all.
  private static func tell() {
    let (counts, slowest) = state.withLock { ($0.counts, $0.slowestRecovery) }
    if Extent.isSuite {
      for (subject, troubles) in counts.sorted(by: { $0.key < $1.key }) { print("  \(subject): \(line(troubles))") }
    }
    let all = counts.values.reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
    let recovery = slowest == .zero ? "" : "; the slowest service had recovered after \(slowest / .seconds(1)) s"
    print("Faults in all: \(line(all))\(recovery)")
  }

  private static func line(_ counts: [Trouble: Int]) -> String {
    Trouble.allCases.compactMap { trouble in counts[trouble].map { "\(trouble.rawValue) \($0)" } }
      .joined(separator: ", ")
  }
}
