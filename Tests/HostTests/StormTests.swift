import Foundation
import Testing

@testable import EndToEndTests

/// The seed of the faults; `etc/test hosts` can be told one.
private let seed =
  ProcessInfo.processInfo.environment["MP3SPOOL_TEST_SEED"].flatMap(UInt64.init) ?? UInt64.random(in: 1...999_999)

extension Form {
  fileprivate var hosts: Int { self == .long ? 4 : 2 }
  fileprivate var jobs: Int { self == .long ? 1000 : 60 }
  /// Between two waves of jobs: the short form's come slowly enough for some faults.
  fileprivate var pace: Duration { self == .long ? .zero : .seconds(10) }
  fileprivate var plan: FaultPlan {
    self == .long
      ? FaultPlan(seed: seed, lengths: 5...45, overlong: 4) : FaultPlan(seed: seed, most: 6, lengths: 5...15)
  }
}

extension HostTests {
  @Suite struct StormTests {
    /// No end for so long means that there will be none.
    private static let patience = Duration.seconds(300)

    @Test func noFaultLosesAJobOrDoesItTwice() async throws {
      let form = try #require(Form.wanted)
      print("The faults' seed is \(seed).")
      try await Fleet.use(hosts: form.hosts) { fleet in
        let clips = try await Clip.make(1...form.jobs, in: fleet.lab)
        for host in fleet.hosts { try await host.start(.worker) }
        let (storm, offering) = (Storm(on: fleet, form.plan), Offering(to: fleet))
        let begin = ContinuousClock.now
        try await during({ await storm.rage() }) {
          try await offering.offer(clips, pause: form.pace)
          try await untilAllEnded(offering, in: fleet)
        }
        let time = ContinuousClock.now - begin
        try await fleet.expectNothingToComplainOf()
        try await judge(offering, storm, after: time, in: fleet)
      }
    }

    /// Runs `other` while `body` does, and then until it has heard that it is to end.
    private func during(_ other: @escaping @Sendable () async -> Void, _ body: () async throws -> Void) async throws {
      let task = Task { await other() }
      do { try await body() } catch {
        task.cancel()
        await task.value
        throw error
      }
      task.cancel()
      await task.value
    }

    private func untilAllEnded(_ offering: Offering, in fleet: Fleet) async throws {
      var (last, since) = (-1, ContinuousClock.now)
      while true {
        // While the server is away there is nothing to be seen.
        if let places = try? await fleet.places() {
          if places.isIdle && places.ended >= offering.acknowledged.count { return }
          if places.ended != last { (last, since) = (places.ended, .now) }
          guard ContinuousClock.now - since < Self.patience else {
            throw Disappointment(description: "nothing ends any more: \(places); \(try await fleet.lives())")
          }
        }
        try await Task.sleep(for: .seconds(1))
      }
    }

    private func judge(_ offering: Offering, _ storm: Storm, after time: Duration, in fleet: Fleet) async throws {
      var harvest = try await Harvest(of: fleet)
      try await harvest.compare(with: offering)
      let form = try #require(Form.wanted)
      #expect(harvest.complaints.isEmpty)
      #expect(offering.acknowledged.count == form.jobs)
      #expect(storm.count >= 4)
      let share = Double(harvest.repeated) / Double(harvest.jobs.count)
      // In the short form a single claim is more than a percent.
      if form == .long { #expect(share < 0.05, "\(harvest.repeated) claims for nothing") }
      let strays = harvest.jobs.count - offering.acknowledged.count
      print(
        """
        \(harvest.jobs.count) jobs (\(strays) of them unacknowledged) on \(fleet.hosts.count) hosts, \(storm.count) faults: \
        \(storm.tally); work repeated \((share * 1000).rounded() / 10) % (\(harvest.repeated) claims), \
        \(Int(time / .seconds(1))) s, the slowest job \(Int(harvest.slowest)) s, seed \(seed)
        """)
      if !harvest.complaints.isEmpty { fleet.lab.keepLogs() }
    }
  }
}
