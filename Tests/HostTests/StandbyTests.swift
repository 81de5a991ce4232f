import Foundation
import Testing

@testable import EndToEndTests

extension HostTests {
  /// A second host with a backup of the gateway's database, and what `health --deep` says of mounts.
  @Suite struct StandbyTests {
    private static let copy = "/host/copy.sqlite"

    @Test func gatewayOfAHostThatDiesIsReplacedByAnother() async throws {
      try await Fleet.use(hosts: 2) { fleet in
        let (first, second) = (fleet.hosts[0], fleet.hosts[1])
        let program = ClientHost.Spool.program
        try await second.start(.worker)
        let clips = try await Clip.make(1...3, in: fleet.lab)
        var jobs = [try #require(try await fleet.upload(clips[0]))]
        try await fleet.lab.run("\(program) backup \(Self.copy) \(ClientHost.Spool.flags)", on: first.name)
        for clip in clips.dropFirst() { jobs.append(try #require(try await fleet.upload(clip))) }
        try await fleet.wait(for: jobs, in: "done")
        // As long as the first one lives there is no second one.
        let restore = "\(program) restore \(Self.copy) \(ClientHost.Spool.flags)"
        try await fleet.lab.run(restore, on: second.name)
        let refused = try await fleet.lab.attempt("\(program) gateway \(ClientHost.Spool.flags)", on: second.name)
        #expect(refused.status == 78 && refused.errors.contains("has a gateway already"), "\(refused)")

        try await first.whileTroubled { try await fleet.lab.command("kill", first.name) }
        let death = ContinuousClock.now
        let said = try await fleet.lab.run(restore, on: second.name)
        #expect(said.contains("the index has 3 jobs"), "\(said)")
        try await second.start(.gateway)
        for job in jobs {
          try await eventually("job \(job) at \(second.name)") { try await download(job, from: second) }
        }
        print(
          "Another host gave out the jobs of a gateway \((ContinuousClock.now - death) / .seconds(1)) s after its death."
        )
      }
    }

    private func download(_ job: String, from host: ClientHost) async throws -> Bool {
      let curl = ["--net=/run/netns/\(Lab.network)", "curl", "-sS", "-m", "10", "--fail"]
      let scratch = host.lab.scratch
      let login = try await scratch.tool(
        "nsenter",
        curl + ["-X", "POST", "-u", "\(Accounts.admin):\(Accounts.password)", "http://\(host.address):8080/login"])
      guard login.status == 0 else { return false }
      let mp3 = try await scratch.tool(
        "nsenter",
        curl + [
          "-o", "/dev/null", "-H", "Authorization: Bearer \(login.output)",
          "http://\(host.address):8080/download?fid=\(job)",
        ])
      return mp3.status == 0
    }

    @Test func mountsAreJudged() async throws {
      try await Lab.use(clients: 1) { lab in
        try await lab.run(
          "mkdir -p \(ClientHost.Spool.path)/incoming && \(ClientHost.Spool.program) reindex \(ClientHost.Spool.flags)",
          on: "a")
        let health = "\(ClientHost.Spool.program) health --deep --database /local/mp3spool.sqlite --spool"
        let usual = try await lab.attempt("\(health) \(ClientHost.Spool.path)", on: "a")
        #expect(usual.status == 0 && !usual.output.contains("problem: ") && usual.output.contains("nfs4"), "\(usual)")
        let cases = [
          ("soft", "is mounted soft", 69), ("hard,nocto", "nocto", 69), ("hard,acdirmax=40", "up to 40 s late", 0),
        ]
        for (options, word, status) in cases {
          let script = """
            mkdir -p /local/mnt && mount -t nfs4 -o nosharecache,\(options) $(findmnt -n -o SOURCE /share) /local/mnt && \
            \(health) /local/mnt/spool; status=$?; umount /local/mnt; exit $status
            """
          let outcome = try await lab.attempt(script, on: "a")
          #expect(outcome.status == Int32(status) && outcome.output.contains(word), "\(options): \(outcome)")
        }
      }
    }
  }
}
