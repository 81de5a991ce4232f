import Foundation
import Testing

@testable import EndToEndTests
@testable import SpoolTrials

/// Invariant 11, tried out on disks that are really full: from each call of a step on, there is no room, or no inode.
@Suite(
  .enabled(if: Extent.isSuite, "it takes minutes: etc/test faults"),
  .enabled(if: Disk.isPossible(.tmpfs) && Disk.isPossible(.ext4), "only root may mount a small file system to fill"))
struct FilledDiskTests {
  @Test(arguments: Disk.Kind.allCases, Shortage.Good.allCases)
  func aDiskThatFillsUpAtAnyCallCostsNoJobAndHeals(_ kind: Disk.Kind, _ good: Shortage.Good) async throws {
    try await Scratch.use { scratch in
      let size = Disk.Size(megabytes: kind == .tmpfs ? 1 : 4, inodes: 128)
      try await Disk.with(kind, of: size, at: scratch.path("disk"), in: scratch) { disk in
        for step in Step.allCases {
          try await tryOut(step, Shortage(disk: disk, good: good))
        }
      }
    }
  }

  private func tryOut(_ step: Step, _ shortage: Shortage) async throws {
    let points = try await step.points()
    for point in Extent.asked == .long ? points : points.spread(over: 6) {
      try await StepTrial(step, Fault(kind: .stop, point: point), shortage: shortage).run()
      Tally.count(.fullDisk, of: step.rawValue)
    }
  }
}

extension FilledDiskTests {
  /// Uploads are refused, drops wait, and conversions go back; when there is room, all of it gets done without help.
  @Test(arguments: Disk.Kind.allCases, Shortage.Good.allCases)
  func aServiceOnAFullDiskWaitsForRoom(_ kind: Disk.Kind, _ good: Shortage.Good) async throws {
    try await Scratch.use { scratch in
      let size = Disk.Size(megabytes: 24, inodes: 256)
      try await Disk.with(kind, of: size, at: scratch.spool.path, in: scratch) { disk in
        try await Accounts.add(to: scratch)
        try await scratch.serve(["MP3SPOOL_RESERVED_SPACE": "0"]) { service in
          try await fill(Shortage(disk: disk, good: good), under: service)
        }
        try await scratch.mp3spool("check")
      }
    }
    Tally.count(.fullDisk, of: "serve")
  }

  private func fill(_ shortage: Shortage, under service: Service) async throws {
    let scratch = service.scratch
    let clip = try scratch.write("clip.mp4", await Clip.short.value)
    // Its MP3 of 320 kbit/s has 2.4 MB.
    let long = try await scratch.video("long.mp4", seconds: 60)
    let aside = scratch.spool.appending(path: "aside.mp4")
    try FileManager.default.copyItem(atPath: clip, toPath: aside.path)

    // Room for the upload, but not for its MP3; or not for as many files as a conversion may need.
    let source = try FileManager.default.attributesOfItem(atPath: long)[.size] as? Int ?? 0
    try shortage.begin(leaving: shortage.good == .room ? source + 3 << 19 : 4)
    let victim = try await service.upload(long, "-F", "preset=cbr-320")
    if shortage.good == .room {
      try await eventually("a failed attempt") { try await service.job(victim).attempt == 1 }
    }

    try shortage.begin()
    let refusal = try await scratch.curl(
      "\(service.gateway)/upload", ["-F", "file=@\(clip)"], token: Accounts.adminToken)
    #expect(refusal.status == 507, "\(refusal)")
    let dropped = scratch.spool.appending(path: "incoming/drop.mp4")
    try FileManager.default.moveItem(at: aside, to: dropped)
    // The upload may be at its next attempt, or waits for it; the dropped file lies where it was.
    #expect(try await service.jobs().map(\.hasEnded) == [false])
    #expect(FileManager.default.fileExists(atPath: dropped.path))
    try shortage.end()

    #expect(try await service.ended(victim).state == "done")
    #expect(try await service.endedJob(named: "drop.mp4").state == "done")
    #expect(try await service.ended(service.upload(clip)).state == "done")
    for job in try await service.jobs() { try await service.expectWhole(job, "a lack of \(shortage)") }
    #expect(scratch.names("failed") == [] && scratch.names("corrupt") == [])
  }
}
