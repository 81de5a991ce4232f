import Foundation
import Testing

@testable import EndToEndTests

extension HostTests {
  @Suite(.enabled(if: Form.wanted == .long)) struct TakeoverTests {
    /// A host that is frozen in the middle of a job, for longer than its lease, is not waited for; once it is thawed, it
    /// neither harms the result nor stays out of work.
    @Test func thawedHostFindsItsJobTakenOverAndGoesOnAsAnother() async throws {
      try await Fleet.use(hosts: 3) { fleet in
        let (frozen, other) = (fleet.hosts[1], fleet.hosts[2])
        let long = try await Clip.makeLong(1, minutes: 10, in: fleet.lab)
        try await frozen.start(.worker)
        let job = try #require(try await fleet.upload(long, as: "u-1-0.mkv"))
        try await untilUnderWay(job, in: fleet)
        let former = try #require(try await fleet.lives().first)
        try await frozen.whileTroubled { try await fleet.lab.command("pause", frozen.name) }
        let freezing = ContinuousClock.now
        try #require(try await fleet.places()["active"].contains { $0.hasPrefix(job) }, "it was done before the frost")
        try await other.start(.worker)
        try await fleet.wait(for: [job], in: "done", within: .seconds(300))
        let time = Int((ContinuousClock.now - freezing) / .seconds(1))
        try await fleet.lab.command("cont", frozen.name)
        try await expectAnotherLife(of: frozen, than: former, in: fleet)
        // From here on it is the only one that can do anything.
        try await other.end(.worker)
        let next = try await Clip.make(2...2, in: fleet.lab)[0]
        let second = try #require(try await fleet.upload(next, as: "u-2-0.mkv"))
        try await fleet.wait(for: [second], in: "done")
        try await expectResults([job: 1, second: 0], in: fleet)
        print("The job of a frozen host was done by another \(time) s after the frost.")
      }
    }

    /// Its first output is there, and more is to come.
    private func untilUnderWay(_ job: String, in fleet: Fleet) async throws {
      try await eventually("a conversion under way") {
        try await !fleet.lab.run("cd \(ClientHost.Spool.path)/active && find . -name 'audio*'", on: "server").isEmpty
      }
    }

    private func expectAnotherLife(of host: ClientHost, than former: Life, in fleet: Fleet) async throws {
      try await eventually("another incarnation of \(host.name)") {
        try await fleet.lives().contains {
          $0.host == host.name && $0.incarnation != former.incarnation && !$0.isDeclaredDead
        }
      }
      #expect(host.log(of: .worker).contains("declared dead"))
    }

    /// Each is done once, at the attempt that is given, and nothing is left of others.
    private func expectResults(_ attempts: [String: Int], in fleet: Fleet) async throws {
      try await fleet.expectNothingToComplainOf()
      let harvest = try await Harvest(of: fleet)
      #expect(harvest.complaints.isEmpty)
      let found = harvest.jobs.map { $0.directory.split(separator: ".").prefix(2).joined(separator: ".") }
      #expect(found.sorted() == attempts.map { "\($0).\($1)" }.sorted())
    }
  }
}
