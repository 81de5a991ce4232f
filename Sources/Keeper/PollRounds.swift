import DurableFiles
import Spool

/// When each of the directories is listed, and when all of them are.
struct PollRounds {
  private var polls: [JobState: Poll] = [:]
  private var lastScan: ContinuousClock.Instant?

  private static let scanInterval = Duration.seconds(30)

  mutating func mustScanAll(at now: ContinuousClock.Instant) -> Bool {
    if let lastScan, now - lastScan < Self.scanInterval { return false }
    lastScan = now
    return true
  }

  /// Those whose directories are to be listed, given when each was changed.
  mutating func mustList(_ times: [JobState: DirectoryTimes], at now: ContinuousClock.Instant) -> Set<JobState> {
    Set(times.filter { polls[$0.key, default: Poll()].mustList($0.value, at: now) }.keys)
  }

  /// How long to wait after a round that took `time`. However many jobs there are, looking after them takes no more than
  /// a fifth of the time; but a round that waited for an absent file server must not keep the spool waiting for four times
  /// as long again.
  func pause(after time: Duration) -> Duration {
    max(polls.values.map { $0.pause() }.min() ?? .zero, min(time * 4, Self.scanInterval))
  }
}
