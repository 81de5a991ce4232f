import DurableFiles
import Testing

@testable import Spool

@Suite struct PollTests {
  private let start = ContinuousClock.now

  private func times(_ second: Int) -> DirectoryTimes {
    DirectoryTimes(modified: .seconds(second), changed: .seconds(second), linkCount: 2)
  }

  /// When it lists in so many seconds, given when the directory changes, and the times of all looks.
  private func listings(
    over seconds: Double, chance: Double = 0.5, changes: [Double] = []
  ) -> (listings: [Double], looks: [Double]) {
    var poll = Poll()
    var (time, listings, looks) = (0.0, [Double](), [Double]())
    while time < seconds {
      looks.append(time)
      let version = changes.count { $0 <= time }
      if poll.mustList(times(version), at: start + .seconds(time)) { listings.append(time) }
      time += poll.pause(chance: chance) / .seconds(1)
    }
    return (listings, looks)
  }

  @Test func anIdleDirectoryIsListedEveryHalfMinute() {
    let listings = listings(over: 300).listings
    // The first is followed by one more.
    #expect(listings.count == 11)
  }

  @Test(arguments: [0, 0.5, 1])
  func aChangeIsListedWithinASecond(_ chance: Double) throws {
    for change in stride(from: 40.0, to: 43, by: 0.1) {
      let listings = listings(over: 50, chance: chance, changes: [change]).listings
      let found = try #require(listings.first { $0 >= change })
      #expect(found - change < 1)
    }
  }

  @Test func afterAChangeOneMoreListingLooksForWhatTheClockHid() {
    let (listings, looks) = listings(over: 45, changes: [40])
    let found = listings.filter { $0 >= 40 }
    let after = looks.filter { $0 >= 40 }
    #expect(found == Array(after.prefix(2)))
  }

  @Test func anIdleHostLooksNoMoreOftenThanNeeded() {
    #expect(listings(over: 300).looks.count < 400)
  }
}
