import Foundation
import Testing

@testable import EndToEndTests

extension HostTests {
  @Suite(.enabled(if: Form.wanted == .long)) struct BacklogTests {
    private static let (claims, backlog) = (50, 100_000)

    /// The same jobs twice, the second time before 100,000 others: what it takes longer is what those cost.
    @Test func aHundredThousandWaitingJobsCostASecondAClaimAtMost() async throws {
      try await Fleet.use(hosts: 2, disk: "8G") { fleet in
        let clips = try await Clip.make(1...2 * Self.claims, in: fleet.lab)
        let alone = try await time(clips[..<Self.claims], before: 0, in: fleet)
        let crowded = try await time(clips[Self.claims...], before: Self.backlog, in: fleet)
        let listing = try await listingTime(on: fleet.hosts[1])
        let cost = (crowded - alone) / Self.claims / .seconds(1)
        #expect(cost <= 1)
        print(
          """
          \(Self.claims) jobs alone took \(alone), before \(Self.backlog) others \(crowded): \(cost) s a claim; one listing \
          of them takes \(listing) s
          """)
      }
    }

    /// How long a worker takes from its start until all of `clips` are done.
    private func time(_ clips: ArraySlice<Clip>, before others: Int, in fleet: Fleet) async throws -> Duration {
      for clip in clips { _ = try #require(try await fleet.upload(clip)) }
      // It would index them all, which is another matter.
      if others > 0 { try await fleet.gateway.end(.gateway) }
      try await makeBacklog(others, in: fleet)
      let (worker, before) = (fleet.hosts[1], try await fleet.ended())
      let begin = ContinuousClock.now
      try await worker.start(.worker)
      try await eventually("\(clips.count) done jobs", within: .seconds(400)) {
        try await fleet.ended() >= before + clips.count
      }
      let time = ContinuousClock.now - begin
      try await worker.signal("KILL", .worker)
      return time
    }

    /// Names are all that a listing shows, and those are younger than every real job: none of them is claimed meanwhile.
    private func makeBacklog(_ count: Int, in fleet: Fleet) async throws {
      let script = "for (1..\(count)) { mkdir sprintf('7ZZZZZZZZZ%016d.0', $_) or die $! }"
      try await fleet.lab.run(
        "cd \(ClientHost.Spool.path)/incoming && perl -e \"\(script.replacing("$", with: "\\$"))\"", on: "server",
        within: 200)
    }

    /// The worker has begun with the others by now, and may have taken some away.
    private func listingTime(on host: ClientHost) async throws -> Double {
      let script = """
        import os, time
        begin = time.monotonic()
        assert len(os.listdir("\(ClientHost.Spool.path)/incoming")) > \(Self.backlog * 9 / 10)
        print(round(time.monotonic() - begin, 2))
        """
      let output = try await host.lab.run("python3 -c '\(script)'", on: host.name, within: 120)
      return try #require(Double(output.trimmingCharacters(in: .newlines)))
    }
  }
}

extension Fleet {
  /// How many jobs have ended; where many wait, a listing of all takes longer.
  fileprivate func ended() async throws -> Int {
    let output = try await lab.run("ls \(ClientHost.Spool.path)/done | wc -l", on: "server")
    return Int(output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
  }
}
