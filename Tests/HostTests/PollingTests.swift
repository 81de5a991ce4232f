import Foundation
import Testing

@testable import EndToEndTests

extension HostTests {
  /// What it costs to look for jobs on a file system that tells of nothing.
  @Suite(.enabled(if: Form.wanted == .long)) struct PollingTests {
    @Test func quietSpoolsJobIsClaimedWithinASecond() async throws {
      try await Fleet.use(hosts: 2) { fleet in
        let worker = fleet.hosts[1]
        try await worker.start(.worker)
        _ = try await fleet.workers(1)
        let clips = try await Clip.make(1...15, in: fleet.lab)
        let watch = try fleet.lab.watch(Self.script(jobs: clips.count), on: "server")
        try await eventually("a watch over incoming/") { !watch.said.isEmpty }
        for clip in clips {
          let job = try #require(try await fleet.upload(clip))
          try await fleet.wait(for: [job], in: "done")
          // What is measured must not fall into step with the polling.
          try await Task.sleep(for: .milliseconds(Int.random(in: 500...3000)))
        }
        let times = await watch.outcome().lines.compactMap(Double.init).sorted()
        try #require(times.count == clips.count)
        let (median, most) = (times[times.count / 2], times[times.count - 1])
        #expect(most < 1)
        print("On a quiet NFS spool a job waited \(median) s (median), at most \(most) s.")
      }
    }

    /// Says of so many jobs how long each lay in `incoming/`. The server's kernel sees what its clients do, and tells of
    /// it by inotify(7).
    private static func script(jobs count: Int) -> String {
      """
      exec timeout 200 python3 -c '
      import ctypes, os, struct, time
      libc = ctypes.CDLL(None)
      watch, moved_from, moved_to = libc.inotify_init(), 0x40, 0x80
      libc.inotify_add_watch(watch, b"\(ClientHost.Spool.path)/incoming", moved_from | moved_to)
      print("watching", flush=True)
      came, left = {}, \(count)
      while left:
          events, now = os.read(watch, 65536), time.monotonic()
          while events:
              _, mask, _, size = struct.unpack_from("iIII", events)
              name, events = events[16:16 + size], events[16 + size:]
              if mask & moved_to: came[name] = now
              elif name in came:
                  print(round(now - came.pop(name), 3), flush=True)
                  left -= 1
      '
      """
    }

    @Test func idleWorkerListsADirectoryOnceASecondAtMost() async throws {
      try await Fleet.use(hosts: 2) { fleet in
        let worker = fleet.hosts[1]
        try await worker.start(.worker)
        _ = try await fleet.workers(1)
        let seconds = 30
        let output = try await fleet.lab.run("\(Self.count); sleep \(seconds); \(Self.count)", on: worker.name)
        let counts = output.split(separator: "\n").compactMap { Int($0) }
        try #require(counts.count == 2)
        let listings = counts[1] - counts[0]
        // It does look.
        #expect(1...seconds ~= listings)
        print("An idle worker made \(listings) listings (READDIR) in \(seconds) s.")
      }
    }

    /// The operations of the only NFS mount; source: nfs-utils' mountstats.py.
    private static let count = "awk '$1 == \"READDIR:\" { print $2 }' /proc/self/mountstats"
  }
}
