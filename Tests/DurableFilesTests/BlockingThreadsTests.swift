import Dispatch
import Foundation
import Synchronization
import Testing

@testable import DurableFiles

@Suite struct BlockingThreadsTests {
  /// A pool whose threads take turns has all of them fill their caches.
  @Test func whatComesOneAfterTheOtherIsDoneByOneThread() async {
    let threads = BlockingThreads(count: 8, patience: .seconds(600))
    let first = await threads.run { Place() }
    for _ in 0..<100 {
      // The thread says that it is free a moment after its caller has gone on.
      await eventuallyResting(1, threads)
      #expect(await threads.run { Place() } == first)
    }
    #expect(threads.count == 1)
  }

  @Test(.timeLimit(.minutes(1))) func soManyWorkAtATimeAndNoMore() async {
    let threads = BlockingThreads(count: 4, patience: .seconds(600))
    let door = DispatchSemaphore(value: 0)
    let attendance = Attendance()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<40 {
        group.addTask {
          await threads.run {
            attendance.come()
            door.wait()
            attendance.go()
          }
        }
      }
      while attendance.counts.now < 4 { try? await Task.sleep(for: .milliseconds(1)) }
      for _ in 0..<40 { door.signal() }
    }
    #expect(attendance.counts.most == 4)
    #expect(threads.count == 4)
  }

  @Test(.timeLimit(.minutes(1))) func whoHasNothingToDoEnds() async {
    let threads = BlockingThreads(count: 4, patience: .milliseconds(1))
    for _ in 0..<5 {
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<20 { group.addTask { await threads.run { _ = usleep(100) } } }
      }
      while threads.count > 0 { try? await Task.sleep(for: .milliseconds(1)) }
    }
  }

  /// Those who end meet those who are called in that moment: none may be lost.
  @Test(.timeLimit(.minutes(1))) func nothingIsLeftUndone() async {
    let threads = BlockingThreads(count: 3, patience: .microseconds(50))
    let done = Attendance()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for number in 0..<2_000 {
            await threads.run { done.come() }
            if number % 10 == 0 { usleep(60) }
          }
        }
      }
    }
    #expect(done.counts.now == 16_000)
  }

  private func eventuallyResting(_ count: Int, _ threads: BlockingThreads) async {
    while threads.restingCount < count { await Task.yield() }
  }
}

private final class Attendance: Sendable {
  private let state = Mutex((now: 0, most: 0))
  var counts: (now: Int, most: Int) { state.withLock { $0 } }

  func come() { state.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) } }
  func go() { state.withLock { $0.now -= 1 } }
}

/// Where a piece of work is done.
private struct Place: Equatable {
  let thread = ObjectIdentifier(Thread.current)
}

@Suite struct ThreadRosterTests {
  @Test func whoRestedTheShortestIsCalledFirst() {
    var roster = ThreadRoster<Int>(most: 2)
    let (one, other) = (RestingThread(), RestingThread())
    #expect(roster.add(1) == .hire && roster.add(2) == .hire && roster.add(3) == .wait)
    #expect(roster.next(for: one) == 1 && roster.next(for: other) == 2 && roster.next(for: one) == 3)
    #expect(roster.next(for: one) == nil && roster.next(for: other) == nil)
    #expect(roster.add(4) == .wake(other))
    // Called, it may not leave; the other one may, and is replaced when there is more to do than one can.
    #expect(!roster.leave(other) && roster.leave(one))
    #expect(roster.add(5) == .hire && roster.count == 2)
    #expect(roster.next(for: other) == 4)
  }
}
