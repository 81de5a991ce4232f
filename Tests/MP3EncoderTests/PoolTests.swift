import Glibc
import Testing

@testable import MP3Encoder

extension EncoderThreads {
  var openLanes: Int { desk.read { $0.laneCount } }
  var deskForTests: EncoderDesk { desk }
}

func yieldProcessor() { sched_yield() }

@Suite struct RotaTests {
  private func keys(_ rota: inout Rota<String, Int>) -> [String] {
    var works: [String] = []
    while case .work(let turn)? = rota.next() { works.append(turn.work) }
    return works
  }

  @Test func lanesTakeTurns() {
    var rota = Rota<String, Int>()
    let (a, b, c) = (rota.open(), rota.open(), rota.open())
    for (key, work) in ["a0", "a1", "a2", "a3"].enumerated() { rota.submit(work, as: key, to: a) }
    for (key, work) in ["b0", "b1"].enumerated() { rota.submit(work, as: key, to: b) }
    rota.submit("c0", as: 0, to: c)
    #expect(keys(&rota) == ["a0", "b0", "c0", "a1", "b1", "a2", "a3"])
  }

  @Test func aLoneLaneGetsEveryTurn() {
    var rota = Rota<String, Int>()
    let lane = rota.open()
    for (key, work) in ["a", "b", "c"].enumerated() { rota.submit(work, as: key, to: lane) }
    #expect(keys(&rota) == ["a", "b", "c"])
  }

  @Test func aClosedLaneIsForgotten() {
    var rota = Rota<String, Int>()
    let (a, b) = (rota.open(), rota.open())
    rota.submit("a0", as: 0, to: a)
    rota.submit("b0", as: 0, to: b)
    guard case .work(let turn)? = rota.next() else {
      Issue.record("no work")
      return
    }
    rota.submit("a1", as: 1, to: a)
    rota.close(a)
    rota.complete(turn, 1)
    #expect(!rota.isOpen(a))
    #expect(rota.fetch(0, from: a) == nil)
    #expect(keys(&rota) == ["b0"])
    #expect(rota.laneCount == 1)
  }

  @Test func anOutcomeIsFetchedOnce() {
    var rota = Rota<String, Int>()
    let lane = rota.open()
    rota.submit("a", as: 7, to: lane)
    guard case .work(let turn)? = rota.next() else {
      Issue.record("no work")
      return
    }
    #expect(rota.fetch(7, from: lane) == nil)
    rota.complete(turn, 42)
    #expect(rota.fetch(7, from: lane) == 42)
    #expect(rota.fetch(7, from: lane) == nil)
  }

  @Test func theEndGoesBeforeAllWork() {
    var rota = Rota<String, Int>()
    rota.submit("a", as: 0, to: rota.open())
    rota.end()
    guard case .goHome? = rota.next() else {
      Issue.record("work after the end")
      return
    }
  }
}

@Suite struct AllowanceTests {
  @Test func aLoneFileMayFillEveryThreadAndManyShare() throws {
    let threads = try EncoderThreads(count: 4)
    let first = threads.openLane()
    #expect(first.allowance == 6)
    let others = (0..<3).map { _ in threads.openLane() }
    #expect(first.allowance == 3)
    #expect(others.allSatisfy { $0.allowance == 3 })
  }
}

@Suite struct MonitorTests {
  @Test func aWaiterSeesEveryChange() async {
    let monitor = Monitor(0)
    async let reached = monitor.wait { $0 >= 100 ? $0 : nil }
    for _ in 0..<100 { monitor.change { $0 += 1 } }
    #expect(await reached == 100)
    #expect(monitor.read { $0 } == 100)
  }
}
