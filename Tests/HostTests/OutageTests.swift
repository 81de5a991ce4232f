import Foundation
import Testing

@testable import EndToEndTests

extension HostTests {
  @Suite(.enabled(if: Form.wanted == .long)) struct OutageTests {
    /// Longer than a lease.
    private static let outage = Duration.seconds(90)

    @Test func absenceOfTheServerIsNobodysDeath() async throws {
      try await Fleet.use(hosts: 3) { fleet in
        let clips = try await Clip.make(1...20, in: fleet.lab)
        for host in fleet.hosts { try await host.start(.worker) }
        let before = try await fleet.workers(fleet.hosts.count)
        var jobs = try await upload(clips[..<15], to: fleet)
        try await fleet.lab.command("kill", "server")
        try await Task.sleep(for: Self.outage)
        try await fleet.lab.command("start", "server")
        let back = ContinuousClock.now
        try await fleet.wait(for: jobs, in: "done", within: .seconds(180))
        let time = Int((ContinuousClock.now - back) / .seconds(1))
        jobs += try await upload(clips[15...], to: fleet)
        try await fleet.wait(for: jobs, in: "done")
        // Whoever took them for dead would have said so by now.
        try await Task.sleep(for: .seconds(70))
        try await fleet.expectSameLives(as: before)
        // A decoder that waited for its file in vain may have been ended, one on each host.
        try await fleet.expectDone(jobs, repeated: fleet.hosts.count)
        print("After an outage of \(Self.outage) the waiting jobs were done within \(time) s.")
      }
    }

    private func upload(_ clips: ArraySlice<Clip>, to fleet: Fleet) async throws -> [String] {
      var jobs: [String] = []
      for clip in clips { jobs.append(try #require(try await fleet.upload(clip, as: "u-\(clip.number)-0.mkv"))) }
      return jobs
    }
  }
}
