import Foundation
import Glibc
import Synchronization
import Testing

@testable import EndToEndTests
@testable import WireFormatsTests

/// Invariant 6, tried out on a real ext4: what was acknowledged is there after the power failed, and gets done.
@Suite(
  .enabled(if: Extent.isSuite, "it takes minutes: etc/test faults"),
  .enabled(if: Disk.isPossible(.ext4), "only root may mount an ext4 from a file, and needs a loop device for it"))
struct PowerCutTests {
  @Test func whatWasAcknowledgedSurvivesAPowerCut() async throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("The power is cut at times from the seed \(seed).")
    try await Scratch.use { scratch in
      try scratch.write("clip.mp4", await Clip.short.value)
      try await Disk.with(.ext4, of: Disk.Size(megabytes: 256, inodes: 60_000), at: scratch.spool.path, in: scratch) {
        try await Accounts.add(to: scratch)
        sync()
        var run = PowerCuts(scratch: scratch, disk: $0, random: SplitMix(state: seed))
        for number in 1...(Extent.asked == .long ? 100 : 6) {
          // Half of them right after an acknowledgement, half at any time.
          try await run.cut(number, atRandom: number.isMultiple(of: 2))
          Tally.count(.powerCut, of: "serve")
        }
      }
    }
  }
}

/// A service on a disk whose power fails again and again.
struct PowerCuts {
  let scratch: Scratch
  let disk: Disk
  var random: SplitMix
  /// The names of all files that were promised to be done, in all lives of the service.
  private let promised = Promises()
  /// Those whose MP3 was found whole.
  private var verified: Set<String> = []

  init(scratch: Scratch, disk: Disk, random: SplitMix) {
    (self.scratch, self.disk, self.random) = (scratch, disk, random)
  }

  /// The disk is smaller than what a service wants to be left.
  private let settings = ["MP3SPOOL_RESERVED_SPACE": "0"]
  private var clip: String { scratch.path("clip.mp4") }

  mutating func cut(_ number: Int, atRandom: Bool) async throws {
    let service = try await Service.start(in: scratch, ["serve"], settings)
    if atRandom {
      let moment = Duration.milliseconds(Int.random(in: 0...1500, using: &random))
      try await work(service, number, until: moment)
    } else {
      let name = "acknowledged-\(number).mp4"
      let answer = try await upload(name, to: service)
      try disk.cutPower()
      try #require(answer == 200)
      promised.add(name)
    }
    await service.kill()
    try await disk.restorePower()
    let next = try await Service.start(in: scratch, ["serve"], settings)
    do { try await expectAll(next, number) } catch {
      await next.stop()
      throw error
    }
    await next.stop()
    try await scratch.mp3spool("check")
  }

  /// Uploads and drops files, until the power fails at that moment.
  private func work(_ service: Service, _ number: Int, until moment: Duration) async throws {
    async let uploads: Void = uploadSome(to: service, number)
    async let drops: Void = dropSome(number)
    // Any moment will do: it is not waited for something.
    try await Task.sleep(for: moment)
    try disk.cutPower()
    _ = await (uploads, drops)
  }

  private func uploadSome(to service: Service, _ number: Int) async {
    for count in 1...6 {
      let name = "uploaded-\(number)-\(count).mp4"
      guard (try? await upload(name, to: service)) == 200 else { return }
      promised.add(name)
    }
  }

  private func upload(_ name: String, to service: Service) async throws -> Int {
    try await scratch.curl(
      "\(service.gateway)/upload", ["-F", "file=@\(clip);filename=\(name)", "-F", "duplicate=convert"],
      token: Accounts.adminToken
    ).status
  }

  /// Drops files as one does who wants to be sure: written beside and synchronized, then given their name, and that
  /// synchronized.
  private func dropSome(_ number: Int) async {
    let folder = scratch.spool.appending(path: "incoming").path
    for count in 1...4 {
      let (name, part) = ("dropped-\(number)-\(count).mp4", "\(folder)/dropped-\(number)-\(count).part")
      let script = #"cp "$1" "$2" && sync "$2" && mv "$2" "$3" && sync "$4""#
      let outcome = try? await scratch.tool("sh", ["-c", script, "drop", clip, part, "\(folder)/\(name)", folder])
      guard outcome?.status == 0 else { return }
      promised.add(name)
    }
  }

  /// Everything promised is done soon, and every MP3 is whole.
  private mutating func expectAll(_ service: Service, _ number: Int) async throws {
    let _: Void? = try? await eventually("an end of all jobs") {
      let jobs = try await service.jobs()
      return jobs.allSatisfy(\.hasEnded) && promised.names.isSubset(of: jobs.map(\.name))
    }
    let jobs = try await service.jobs()
    #expect(promised.names.subtracting(jobs.map(\.name)) == [], "power cut \(number) lost what was acknowledged")
    #expect(Set(jobs.map(\.name)).count == jobs.count, "a file has two jobs after power cut \(number)")
    for job in jobs where verified.insert(job.name).inserted {
      try await service.expectWhole(job, "power cut \(number)")
    }
  }
}

/// What several tasks add to.
private final class Promises: Sendable {
  private let state = Mutex<Set<String>>([])

  var names: Set<String> { state.withLock { $0 } }

  func add(_ name: String) { state.withLock { _ = $0.insert(name) } }
}
