import Foundation
import Glibc
import Testing

/// A source that takes seconds to convert with one encoder thread, so that there is a middle to be killed in.
private let minutes = 6
private let slow = ["MP3SPOOL_ENCODER_THREADS": "1"]

extension Service {
  /// Waits until the only job is in the middle of its conversion.
  fileprivate func untilMidway() async throws {
    try await eventually("a conversion under way") { try await jobs().contains { ($0.progress?.fraction ?? 0) > 0.01 } }
  }

  /// Checks that there is one job and that it was done once.
  fileprivate func expectDoneOnce(attempt: Int) async throws {
    let job = try await endedJob(named: "long.wav")
    #expect(job.state == "done")
    #expect(job.attempt == attempt)
    #expect(job.result?.duration == Double(minutes * 60))
    #expect(scratch.names("done").filter { $0.hasPrefix(job.fid) }.count == 1)
    try await eventually("the exported MP3") { scratch.names("done").contains("long.mp3") }
    for state in ["incoming", "active", "failed", "corrupt"] { #expect(scratch.names(state).isEmpty) }
    try await scratch.mp3spool("check")
  }
}

@Suite struct CrashTests {
  @Test func killedServiceConvertsTheJobOnceAfterItsStart() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      let first = try await Service.start(in: scratch, ["serve"], slow)
      try await first.dropLongFile(minutes: minutes)
      try await first.untilMidway()
      let (active, offspring) = (scratch.names("active"), first.offspring)
      #expect(!offspring.isEmpty)
      await first.kill()
      #expect(scratch.names("active") == active, "the claim is what the killed service left")
      #expect(scratch.names("done").isEmpty)
      try await eventually("the end of the decoders") { offspring.allSatisfy { Glibc.kill($0, 0) != 0 } }
      try await scratch.serve { second in
        try await second.expectDoneOnce(attempt: 1)
        let metrics = try await second.request("/metrics", token: nil).text
        #expect(
          metrics.contains("mp3spool_conversion_failures_total{outcome=\"again\",reason=\"converter-died\"} 1\n"))
        #expect(metrics.contains("mp3spool_jobs_taken_back_total 1\n"))
      }
    }
  }

  @Test func jobThatEndsWithinTheGraceIsFinishedAtAStop() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      let service = try await Service.start(
        in: scratch, ["serve"], slow.merging(["MP3SPOOL_SHUTDOWN_GRACE": "120"]) { $1 })
      try await service.dropLongFile(minutes: minutes)
      try await service.untilMidway()
      #expect(await service.stop().status == 0)
      #expect(scratch.names("active").isEmpty)
      #expect(scratch.names("incoming").isEmpty)
      try await scratch.serve { second in try await second.expectDoneOnce(attempt: 0) }
    }
  }

  @Test func jobThatTakesLongerIsGivenBackAtAStop() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      let service = try await Service.start(
        in: scratch, ["serve"], slow.merging(["MP3SPOOL_SHUTDOWN_GRACE": "0"]) { $1 })
      try await service.dropLongFile(minutes: minutes)
      try await service.untilMidway()
      let outcome = await service.stop()
      #expect(outcome.status == 0, "\(outcome)")
      #expect(scratch.names("active").isEmpty)
      #expect(scratch.names("incoming").count == 1)
      #expect(scratch.names("failed").isEmpty)
      try await scratch.serve { second in try await second.expectDoneOnce(attempt: 1) }
    }
  }

  @Test func killedDecoderCostsAnAttemptAndNoJob() async throws {
    try await withService(slow) { service in
      try await service.dropLongFile(minutes: minutes)
      try await service.untilMidway()
      // The youngest is the one that decodes; its parent, the zygote, lives on.
      #expect(service.offspring.count == 2)
      _ = Glibc.kill(try #require(service.offspring.last), SIGKILL)
      try await service.expectDoneOnce(attempt: 1)
    }
  }

  @Test func cancelledConversionStopsSoon() async throws {
    try await withService(slow.merging(["MP3SPOOL_SHUTDOWN_GRACE": "0"]) { $1 }) { service in
      let fid = try await service.dropLongFile()
      try await service.untilMidway()
      try await service.scratch.mp3spool("cancel", fid)
      try await eventually("the end of the decoder", within: .seconds(20)) { service.offspring.count == 1 }
    }
  }

  @Test func killedZygoteIsReplaced() async throws {
    try await withService(slow) { service in
      try await service.dropLongFile(minutes: minutes)
      try await service.untilMidway()
      _ = Glibc.kill(try #require(service.offspring.first), SIGKILL)
      try await service.expectDoneOnce(attempt: 1)
    }
  }
}
