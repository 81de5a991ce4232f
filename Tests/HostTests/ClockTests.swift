import Foundation
import Testing

@testable import EndToEndTests

extension HostTests {
  @Suite(.enabled(if: Form.wanted == .long)) struct ClockTests {
    /// As long as two leases of the slow, and ten of the fast.
    private static let time = Duration.seconds(130)

    @Test func wrongClocksKillNobody() async throws {
      try await Fleet.use(hosts: 4) { fleet in
        let (ahead, behind, fast) = (fleet.hosts[1], fleet.hosts[2], fleet.hosts[3])
        try await fleet.lab.buildLibrary("fast-clock")
        try await turn(behind, by: -3)
        for host in fleet.hosts.dropLast() { try await host.start(.worker) }
        let others = try await fleet.workers(3).map(\.incarnation)
        try await fast.start(.worker, preloading: "fast-clock")
        let before = try await fleet.workers(4)
        // One is wrong from the start, the other from one beat to the next.
        try await turn(ahead, by: 3)
        let begin = ContinuousClock.now
        let jobs = try await sendJobs(to: fleet, for: Self.time)
        let after = try await fleet.expectSameLives(as: before)
        expectBeats(from: before, to: after, in: ContinuousClock.now - begin) { others.contains($0) ? 5 : 1 }
        try await fleet.wait(for: jobs, in: "done")
        try await fleet.expectDone(jobs)
      }
    }

    private func turn(_ host: ClientHost, by days: Int) async throws {
      try await host.lab.run("date -s @$(($(date +%s) + \(days * 86400)))", on: host.name)
    }

    private func sendJobs(to fleet: Fleet, for time: Duration) async throws -> [String] {
      let end = ContinuousClock.now + time
      var jobs: [String] = []
      while ContinuousClock.now < end {
        let number = jobs.count + 1
        let clip = try await Clip.make(number...number, in: fleet.lab)[0]
        jobs.append(try #require(try await fleet.upload(clip, as: "u-\(number)-0.mkv")))
        try await Task.sleep(for: .seconds(3))
      }
      return jobs
    }

    /// The fast one's clock must have had an effect, or nothing was tried.
    ///
    /// - Parameter interval: tells how often an incarnation should have beaten, in seconds.
    private func expectBeats(
      from before: [Life], to after: [Life], in time: Duration, every interval: (String) -> Int
    ) {
      let counts = after.map { life in
        let count = life.beats - (before.first { $0.incarnation == life.incarnation }?.beats ?? 0)
        let expected = Int(time / .seconds(interval(life.incarnation)))
        #expect(expected * 3 / 4...expected * 5 / 4 ~= count, "\(life) has beaten \(count) times, not \(expected)")
        return count
      }
      print("In \(Int(time / .seconds(1))) s they have beaten so often: \(counts)")
    }
  }
}

extension Fleet {
  /// The incarnations, once so many are known.
  func workers(_ count: Int) async throws -> [Life] {
    try await eventually("\(count) workers", every: .milliseconds(500)) {
      let lives = try await lives()
      return lives.count == count && lives.allSatisfy { $0.beats > 0 } ? lives : nil
    }
  }

  /// Nobody was declared dead, nor has begun another life since.
  @discardableResult
  func expectSameLives(as before: [Life]) async throws -> [Life] {
    let after = try await lives()
    #expect(Set(before.map(\.incarnation)) == Set(after.map(\.incarnation)), "before \(before), after \(after)")
    #expect(after.filter(\.isDeclaredDead).isEmpty)
    return after
  }

  /// Each is done, once.
  ///
  /// - Parameter most: so many claims at most were for nothing.
  func expectDone(_ jobs: [String], repeated most: Int = 0) async throws {
    try await expectNothingToComplainOf()
    let harvest = try await Harvest(of: self)
    #expect(harvest.complaints.isEmpty)
    #expect(Set(harvest.jobs.map(\.id)) == Set(jobs))
    #expect(harvest.repeated <= most, "\(harvest.jobs)")
  }
}
