import Dispatch
import Foundation
import Synchronization
import SystemPackage
import Testing

@testable import DurableFiles

@Suite struct BlockingThreadsTests {
  /// A pool whose threads take turns has all of them fill their caches.
  @Test(.timeLimit(.minutes(5))) func whatComesOneAfterTheOtherIsDoneByOneThread() async {
    let threads = BlockingThreads(count: 8, patience: .seconds(600))
    let first = await threads.run { Place() }
    for _ in 0..<100 {
      // The thread says that it is free a moment after its caller has gone on.
      await eventuallyResting(1, threads)
      #expect(await threads.run { Place() } == first)
    }
    #expect(threads.count == 1)
  }

  @Test(.timeLimit(.minutes(5))) func soManyWorkAtATimeAndNoMore() async {
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

  @Test(.timeLimit(.minutes(5))) func whoHasNothingToDoEnds() async {
    let threads = BlockingThreads(count: 4, patience: .milliseconds(1))
    for _ in 0..<5 {
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<20 { group.addTask { await threads.run { _ = usleep(100) } } }
      }
      while threads.count > 0 { try? await Task.sleep(for: .milliseconds(1)) }
    }
  }

  /// Those who end meet those who are called in that moment: none may be lost.
  @Test(.timeLimit(.minutes(5))) func nothingIsLeftUndone() async {
    let threads = BlockingThreads(count: 3, patience: .microseconds(50))
    let done = Attendance()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for number in 0..<500 {
            await threads.run { _ = done.come() }
            if number % 10 == 0 { try? await Task.sleep(for: .microseconds(60)) }
          }
        }
      }
    }
    #expect(done.counts.now == 4_000)
  }

  /// What pthread_create(3) says where the system has no room for one more.
  @Test(.timeLimit(.minutes(5))) func whereNoThreadIsToBeHadTheCallersDoesTheWork() async {
    let threads = BlockingThreads(count: 2, patience: .seconds(600)) { _ throws(Errno) in
      throw .resourceTemporarilyUnavailable
    }
    for number in 0..<3 { #expect(await threads.run { number } == number) }
    #expect(threads.count == 0)
  }

  @Test(.timeLimit(.minutes(5))) func whereNoMoreThreadsAreToBeHadThoseThereDoTheWork() async {
    let room = Attendance()
    let threads = BlockingThreads(count: 4, patience: .seconds(600)) { body throws(Errno) in
      guard room.come() == 1 else { throw .resourceTemporarilyUnavailable }
      try DetachedThread.start(body)
    }
    let door = DispatchSemaphore(value: 0)
    let places = await withTaskGroup { group in
      for _ in 0..<20 {
        group.addTask {
          await threads.run { () -> Place in
            door.wait()
            return Place()
          }
        }
      }
      // All but the first of them ask for a thread, since that one is held up.
      while room.counts.now < 20 { try? await Task.sleep(for: .milliseconds(1)) }
      for _ in 0..<20 { door.signal() }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(places.count == 20 && places.allSatisfy { $0 == places[0] })
    #expect(threads.count == 1)
  }

  private func eventuallyResting(_ count: Int, _ threads: BlockingThreads) async {
    while threads.restingCount < count { await Task.yield() }
  }
}

private final class Attendance: Sendable {
  private let state = Mutex((now: 0, most: 0))
  var counts: (now: Int, most: Int) { state.withLock { $0 } }

  @discardableResult func come() -> Int {
    state.withLock {
      $0 = ($0.now + 1, max($0.most, $0.now + 1))
      return $0.now
    }
  }
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

  @Test func whatNobodyIsThereForIsToldOnce() {
    var roster = ThreadRoster<Int>(most: 2)
    #expect(roster.add(1) == .hire && roster.add(2) == .hire && roster.add(3) == .wait)
    // The other one may still come.
    #expect(roster.goWithout().isEmpty && roster.count == 1)
    #expect(roster.goWithout() == [1, 2, 3] && roster.count == 0)
    #expect(roster.add(4) == .hire && roster.goWithout() == [4])
  }
}
