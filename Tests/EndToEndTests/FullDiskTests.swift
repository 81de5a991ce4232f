import Foundation
import Testing

/// A file system of 20 MB for the spool.
private func withSmallDisk(_ scratch: Scratch, _ body: () async throws -> Void) async throws {
  try await Disk.with(.tmpfs, of: Disk.Size(megabytes: 20), at: scratch.spool.path, in: scratch) { _ in
    try await body()
  }
}

@Suite(.enabled(if: Disk.isPossible(.tmpfs), "only root may mount a small file system to fill"))
struct FullDiskTests {
  @Test func fullDiskRefusesUploadsAndHarmsNoJob() async throws {
    try await withScratch { scratch in
      try await withSmallDisk(scratch) {
        try await Accounts.add(to: scratch)
        try await scratch.serve(["MP3SPOOL_RESERVED_SPACE": "0"]) { service in
          let clip = try await scratch.video("clip.mp4", seconds: 1)
          let first = try await service.upload(clip)
          let mp3 = try await service.request(try #require(try await service.ended(first).download)).body

          let big = try scratch.longSilence("big.wav", minutes: 3)
          let chunked = ["-H", "Transfer-Encoding: chunked"]
          for arguments in [["-F", "file=@\(big)"], chunked + ["-F", "file=@\(big)"], chunked + ["-T", big]] {
            let path = arguments.contains("-T") ? "/upload/" : "/upload"
            let answer = try await scratch.curl(service.gateway + path, arguments, token: Accounts.adminToken)
            #expect(answer.status == 507, "\(arguments): \(answer)")
            #expect(answer.headers["retry-after"] != nil)
            #expect(answer.text.contains("no space"))
          }
          #expect(scratch.names("incoming").isEmpty)
          #expect(scratch.names("active").isEmpty)
          #expect(scratch.names(".state/tmp").isEmpty)
          #expect(try await service.request("/download?fid=\(first)").body == mp3)

          let second = try await service.upload(clip)
          #expect(try await service.ended(second).state == "done", "with space back, it goes on")
        }
        try await scratch.mp3spool("check")
      }
    }
  }

  /// Whoever looks why there is no room was shown how much there had been.
  @Test func metricsTellThatThereAreNoInodesLeft() async throws {
    try await withScratch { scratch in
      let size = Disk.Size(megabytes: 20, inodes: 300)
      try await Disk.with(.tmpfs, of: size, at: scratch.spool.path, in: scratch) { _ in
        try await Accounts.add(to: scratch)
        try await scratch.serve { service in
          let line = "mp3spool_spool_free_inodes "
          try await eventually("a converter, and room") {
            let text = try await service.request("/metrics").text
            return text.contains("mp3spool_hosts{state=\"alive\"} 1") && !text.contains("\(line)0\n")
          }
          let fill = "cd \"$0\" && for n in $(seq 300); do : > $n || exit 0; done"
          _ = try await scratch.tool("sh", ["-c", fill, scratch.spool.path])
          try await eventually("no room") { try await service.request("/metrics").text.contains("\(line)0\n") }
        }
      }
    }
  }

  @Test func conversionThatFindsNoSpaceIsTriedAgain() async throws {
    try await withScratch { scratch in
      try await withSmallDisk(scratch) {
        try await Accounts.add(to: scratch)
        try await scratch.serve(["MP3SPOOL_RESERVED_SPACE": "0"]) { service in
          // Its MP3 of 320 kbit/s has 2.4 MB and does not fit beside what fills the disk.
          let fid = try await service.upload(try await scratch.video("clip.mp4", seconds: 2))
          _ = try await service.ended(fid)
          let long = try await scratch.video("long.mp4", seconds: 60)
          let ballast = scratch.spool.appending(path: "ballast").path
          let source = (FileManager.default.contents(atPath: long) ?? Data()).count
          let free = try await scratch.freeBytes()
          try await scratch.run("fallocate", ["-l", "\(free - source - (1 << 20))", ballast])

          let victim = try await service.upload(long, "-F", "preset=cbr-320")
          try await eventually("a failed attempt") { try await service.job(victim).attempt >= 1 }
          #expect(scratch.names("done").allSatisfy { !$0.hasPrefix(victim) })
          try FileManager.default.removeItem(atPath: ballast)
          let job = try await service.ended(victim)
          #expect(job.state == "done")
          #expect(job.result.map { $0.byteCount > 2_300_000 } == true)
        }
        try await scratch.mp3spool("check")
      }
    }
  }
}

/// `convert` has no spool: the disk of the MP3 is full.
extension FullDiskTests {
  @Test func fullDiskEndsAConvertAndLeavesNothing() async throws {
    try await withScratch { scratch in
      try await withSmallDisk(scratch) {
        let target = scratch.spool.appending(path: "long.mp3").path
        let long = try await scratch.sound("long.wav", seconds: 120)
        let ballast = scratch.spool.appending(path: "ballast").path
        try await scratch.run("fallocate", ["-l", "\(try await scratch.freeBytes() - (1 << 20))", ballast])
        let outcome = try await scratch.mp3spool("convert", long, target, "--preset", "cbr-320", status: 75)
        #expect(outcome.errors.contains(/(?i)no space left/), "\(outcome.errors)")
        #expect(outcome.errors.split(separator: "\n").count == 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.spool.path) == ["ballast"])
        try FileManager.default.removeItem(atPath: ballast)
        try await scratch.mp3spool("convert", long, target, "--preset", "cbr-320")
      }
    }
  }
}

extension Scratch {
  fileprivate func freeBytes() async throws -> Int {
    let answer = try await run("df", ["--block-size=1", "--output=avail", spool.path])
    return try #require(answer.split(separator: "\n").last.flatMap { Int($0.trimmingCharacters(in: .whitespaces)) })
  }
}
