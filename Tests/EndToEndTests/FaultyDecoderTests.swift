import Foundation
import Glibc
import Testing

/// Files that break their decoder go through a whole service, again and again with good ones between them.
@Suite struct FaultyDecoderTests {
  /// Of each fault so many at a time.
  private static let copies = 2
  private static let slots = 4

  @Test(.enabled(if: Tool.isThere("clang"), "the C compiler that comes with Swift is not in the PATH"))
  func faultOfADecoderEndsItsOwnJobOnly() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      let settings = try await scratch.plantingFaults().merging(PlantedFault.limits) { $1 }
      try await scratch.serve(settings.merging(["MP3SPOOL_CONVERTERS": "\(Self.slots)"]) { $1 }) { service in
        let clip = try await scratch.video("clip.mp4", seconds: 1)
        let alone = try #require(try await service.ended(try await service.upload(clip)).result)
        try await convertLongFiles(with: service)
        // The samples of one flood alone are 115 MB.
        var watches = try service.watches(allowance: 48 << 20)
        let zygote = service.zygote

        var pending = try await send(to: service)
        var (neighbours, attempts) = (0, 0)
        while !pending.isEmpty {
          let neighbour = try await service.ended(try await service.upload(clip))
          #expect(neighbour.state == "done" && neighbour.attempt == 0, "\(neighbour)")
          #expect(neighbour.result?.sha256 == alone.sha256)
          neighbours += 1
          for (fid, fault) in pending {
            guard case let job = try await service.job(fid), job.hasEnded else { continue }
            pending[fid] = nil
            attempts += try expect(fault, of: job, in: scratch)
          }
          for index in watches.indices { try watches[index].look() }
        }

        #expect(attempts == Self.copies * PlantedFault.all.map(\.attempts).reduce(0, +))
        for watch in watches { #expect(watch.isWithinLimit, "\(watch)") }
        #expect(service.zygote == zygote)
        try await eventually("an end of all decoders") { service.offspring == [zygote] }
        try await expectCounts(neighbours + 1 + Self.slots, in: service)
        print("\(attempts) planted faults beside \(neighbours) good clips: \(watches)")
      }
    }
  }

  /// Neither for the conversion nor to find out what is in the file.
  @Test(.enabled(if: Tool.isThere("clang"), "the C compiler that comes with Swift is not in the PATH"))
  func noDecoderOfMovingPicturesIsOpened() async throws {
    let (pictures, sound) = (0, 1)
    try await withScratch { scratch in
      let clip = try await scratch.video("clip.ts", seconds: 2)
      let watch = try await scratch.plantingFaults(forbidding: pictures)
      try await scratch.mp3spool("convert", clip, settings: watch)
      // The same watch sees those who do open them: FFmpeg's own program, and us with sound, at our trial of the jail.
      let probe = try await scratch.tool("env", watch.map { "\($0)=\($1)" } + ["ffprobe", clip])
      #expect(probe.status == 128 + SIGABRT, "\(probe)")
      let deaf = try await scratch.plantingFaults(forbidding: sound)
      let none = scratch.path("none.mp3")
      #expect(try await scratch.mp3spool("convert", clip, none, settings: deaf, status: nil).status != 0)
      #expect(!FileManager.default.fileExists(atPath: none))
    }
  }

  /// While the spool's server is away a decoder gets nothing to read, and is ended for giving nothing: no file may come to
  /// failed/ for that.
  @Test(.enabled(if: Tool.isThere("clang"), "the C compiler that comes with Swift is not in the PATH"))
  func decoderThatIsTooLateOnASlowSpoolIsNotTheFilesFault() async throws {
    try await expectTimeout(["SLOW": "/active"], isOfHost: true)
    try await expectTimeout([:], isOfHost: false)
  }

  /// Has a file tried whose decoder never ends, and looks who is blamed for the first attempt.
  private func expectTimeout(_ settings: [String: String], isOfHost: Bool) async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      let limits = try await scratch.plantingFaults().merging(["MP3SPOOL_LIMIT_WAIT": "1"]) { $1 }
      try await scratch.serve(limits.merging(settings) { $1 }) { service in
        let fid = try await service.upload(scratch.write("loop.mp4", "planted: loop".utf8))
        // Each further attempt says the same.
        let failure = try await eventually("the end of an attempt") {
          let job = try await service.job(fid)
          return job.attempt >= 1 ? try? scratch.attemptFailures(of: job).first : nil
        }
        #expect(failure.code == "timed-out" && failure.isOfHost == isOfHost, "\(failure)")
      }
    }
  }

  /// As many as there are slots at once: what they need of memory is no fault's doing.
  private func convertLongFiles(with service: Service) async throws {
    let file = try await service.scratch.sound("long.wav", seconds: 120)
    var sent: [String] = []
    for _ in 0..<Self.slots { sent.append(try await service.upload(file)) }
    for fid in sent { #expect(try await service.ended(fid).state == "done") }
  }

  /// The faulty files, by the jobs that they became.
  private func send(to service: Service) async throws -> [String: PlantedFault] {
    var sent: [String: PlantedFault] = [:]
    for fault in Array(repeatElement(PlantedFault.all, count: Self.copies).joined()) {
      let file = try service.scratch.write("\(fault.name).mp4", "planted: \(fault.name)".utf8)
      sent[try await service.upload(file)] = fault
    }
    return sent
  }

  /// The job failed as it must; how often it was tried.
  private func expect(_ fault: PlantedFault, of job: Job, in scratch: Scratch) throws -> Int {
    #expect(job.state == "failed" && job.attempt == fault.attempts - 1, "\(job)")
    #expect(job.error?.code == fault.code && job.error?.sentence.contains(fault.words) == true, "\(job)")
    let failures = try scratch.attemptFailures(of: job)
    #expect(failures.count == fault.attempts && failures.allSatisfy { $0.code == fault.code }, "\(failures)")
    #expect(failures.allSatisfy { $0.isCertain == (fault.attempts == 1) }, "\(failures)")
    return failures.count
  }

  private func expectCounts(_ done: Int, in service: Service) async throws {
    for (code, faults) in Dictionary(grouping: PlantedFault.all, by: \.code) {
      let count = Self.copies * faults.map(\.attempts).reduce(0, +)
      let metrics = try await service.request("/metrics").text
      #expect(metrics.contains("mp3spool_conversions_total{outcome=\"\(code)\"} \(count)\n"), "\(metrics)")
    }
    #expect(service.scratch.names("done").count == done)
    for place in ["incoming", "active", "corrupt"] { #expect(service.scratch.names(place).isEmpty) }
    try await service.scratch.mp3spool("check")
  }
}
