import Foundation
import Testing

@Suite struct FolderTests {
  @Test func droppedVideoBecomesAnMP3BesideItsJob() async throws {
    try await withService { service in
      let scratch = service.scratch
      try await service.drop(try await scratch.video("video.mkv", seconds: 3, "-c:a", "libvorbis"))
      let mp3 = scratch.spool.appending(path: "done/video.mp3").path
      try await eventually("done/video.mp3") { FileManager.default.fileExists(atPath: mp3) }
      #expect(abs(Double(try await scratch.decodedSamples(mp3)) / 44100 - 3) < 1152.0 / 44100)
      #expect(scratch.names("incoming").isEmpty)

      let job = try await eventually("the job's row") { try await service.jobs().first { $0.exported != nil } }
      #expect(job.state == "done")
      #expect(job.name == "video.mkv")
      #expect(job.exported == "video.mp3")
      #expect(job.owner == "drop")
      #expect(job.origin == "drop")
      let download = try await service.request(try #require(job.download))
      #expect(download.body == FileManager.default.contents(atPath: mp3))
    }
  }

  @Test func sameNameTwiceYieldsTwoFiles() async throws {
    try await withService { service in
      let scratch = service.scratch
      for seconds in [1.0, 2.0] {
        try await service.drop(try await scratch.video("talk.mp4", seconds: seconds))
        try await eventually("an adopted file") { scratch.names("incoming").allSatisfy { $0 != "talk.mp4" } }
      }
      try await eventually("two MP3s") { scratch.names("done").filter { $0.hasSuffix(".mp3") }.count == 2 }
      #expect(scratch.names("done").filter { $0.hasSuffix(".mp3") } == ["talk (2).mp3", "talk.mp3"])
      let samples = [
        try await scratch.decodedSamples(scratch.spool.appending(path: "done/talk.mp3").path),
        try await scratch.decodedSamples(scratch.spool.appending(path: "done/talk (2).mp3").path),
      ]
      #expect(samples.map { Int((Double($0) / 44100).rounded()) }.sorted() == [1, 2])
    }
  }

  @Test func whatIsNotMeantForUsIsLeftAlone() async throws {
    try await withService { service in
      let scratch = service.scratch
      let video = try await scratch.video("clip.mp4", seconds: 0.5)
      let incoming = scratch.spool.appending(path: "incoming").path
      for name in ["a.mp4.part", "b.crdownload", "c.mp4~", "d.tmp", "e.partial", "f.filepart", ".hidden.mp4"] {
        try await service.drop(video, as: name)
      }
      try await scratch.run("ln", ["-s", video, "\(incoming)/link.mp4"])
      try await scratch.run("ln", [video, "\(incoming)/second-name.mp4"])
      try await scratch.run("mkdir", ["\(incoming)/folder"])
      try await scratch.run("mkfifo", ["\(incoming)/pipe.mp4"])
      let before = try await scratch.run("ls", ["-A", incoming])

      try await service.drop(video, as: "last.mp4")
      _ = try await service.endedJob(named: "last.mp4")
      // A file that only looks quiet is taken after 2 s.
      try await Task.sleep(for: .seconds(4))
      #expect(try await scratch.run("ls", ["-A", incoming]) == before)
      #expect(try await service.jobs().count == 1)

      try await scratch.run("mv", ["\(incoming)/a.mp4.part", "\(incoming)/a.mp4"])
      #expect(try await service.endedJob(named: "a.mp4").state == "done")
    }
  }

  /// Each pause is longer than the time after which a quiet file counts as whole.
  @Test(arguments: [
    "exec > incoming/slow.mp4", "exec > incoming/slow.mp4.part; mv incoming/slow.mp4.part incoming/slow.mp4",
  ])
  func fileThatIsBeingWrittenIsAdoptedWhenItIsClosed(opening: String) async throws {
    try await withService { service in
      let scratch = service.scratch
      let video = try await scratch.video("whole.mp4", seconds: 3)
      let pause = "sleep 3; [ -e incoming/slow.mp4 ] || exit 7"
      let pieces = "head -c 9000 $0; \(pause); tail -c +9001 $0 | head -c 9000; \(pause); tail -c +18001 $0"
      let writer = try scratch.launch("bash", ["-c", "cd spool; \(opening); \(pieces)", video])
      #expect(await writer.outcome().status == 0, "it was taken while its writer had it open")
      let job = try await service.endedJob(named: "slow.mp4")
      #expect(job.state == "done")
      #expect(job.size == FileManager.default.contents(atPath: video)?.count)
    }
  }

  @Test func jobThatNobodySignedIsSetAside() async throws {
    try await withService { service in
      let scratch = service.scratch
      let video = try await scratch.video("clip.mp4", seconds: 0.5)
      let forged = scratch.directory.appending(path: "01ARZ3NDEKTSV4RRFFQ69G5FAV.0")
      try FileManager.default.createDirectory(at: forged, withIntermediateDirectories: true)
      try await scratch.run("cp", [video, forged.appending(path: "source").path])
      // An access token bears a signature of this service's, and yet it is no sidecar.
      try Accounts.adminToken.write(to: forged.appending(path: "job.jwt"), atomically: false, encoding: .utf8)
      try await scratch.run("mv", [forged.path, scratch.spool.appending(path: "incoming").path])
      try await eventually("a job in corrupt/") { !scratch.names("corrupt").isEmpty }
      for state in ["incoming", "active", "done", "failed"] { #expect(scratch.names(state).isEmpty) }
      #expect(try await service.jobs().isEmpty)
    }
  }

  @Test func jobWithoutASidecarIsSetAsideAtOnce() async throws {
    try await withService { service in
      let scratch = service.scratch
      let bare = scratch.directory.appending(path: "01ARZ3NDEKTSV4RRFFQ69G5FAV.0")
      try FileManager.default.createDirectory(at: bare, withIntermediateDirectories: true)
      try await scratch.run(
        "cp", [try await scratch.video("clip.mp4", seconds: 0.5), bare.appending(path: "source").path])
      try await scratch.run("mv", [bare.path, scratch.spool.appending(path: "incoming").path])
      try await eventually("a job in corrupt/") { !scratch.names("corrupt").isEmpty }
      #expect(scratch.names("corrupt").allSatisfy { $0.hasPrefix("01ARZ3NDEKTSV4RRFFQ69G5FAV.0.") })
    }
  }

  @Test func keysThatCannotBeReadForAWhileCondemnNoJob() async throws {
    try await withService { service in
      let scratch = service.scratch
      let keys = scratch.spool.appending(path: ".state/jwks.json").path
      try await scratch.run("mv", [keys, keys + ".away"])
      try await service.drop(try await scratch.video("clip.mp4", seconds: 0.5))
      try await eventually("an attempt without keys") { service.command.log.contains("sidecar is not accepted") }
      try await scratch.run("mv", [keys + ".away", keys])
      // On a machine that is so loaded that all attempts were made by now, it is kept in failed/ for a retry.
      try await eventually("the job's end") { !scratch.names("done").isEmpty || !scratch.names("failed").isEmpty }
      #expect(scratch.names("corrupt").isEmpty)
    }
  }

  /// The pause before the second attempt is 5 s: three attempts within a moment would condemn every job that meets a
  /// disk that is full for a moment.
  @Test func jobsThatFailForAPassingReasonRestBeforeTheNextAttempt() async throws {
    // The log's times are whole seconds.
    let failedAttempt = /attempt=0 .*(?<job>job=[0-9A-Z]{26}).* not converted/
    try await withService(["MP3SPOOL_CONVERTERS": "8"]) { service in
      let scratch = service.scratch
      let keys = scratch.spool.appending(path: ".state/jwks.json").path
      let video = try await scratch.video("clip.mp4", seconds: 0.5)
      try await scratch.run("mv", [keys, keys + ".away"])
      let copies = try (0..<8).map { try scratch.write("\($0).mp4", Data(contentsOf: URL(filePath: video))) }
      try await scratch.run("cp", copies + [scratch.spool.appending(path: "incoming").path])
      try await eventually("first attempts") { service.command.log.matches(of: failedAttempt).count >= 8 }
      try await scratch.run("mv", [keys + ".away", keys])
      try await eventually("8 MP3s") { scratch.names("done").filter { $0.hasSuffix(".mp3") }.count == 8 }
      #expect(scratch.names("failed").isEmpty)
      let lines = service.command.log.split(separator: "\n")
      for line in lines {
        guard let first = line.firstMatch(of: failedAttempt) else { continue }
        let next = try #require(lines.first { $0.contains("\(first.job)") && $0.contains("attempt=1") })
        let rest = try Self.time(of: next).timeIntervalSince(Self.time(of: line))
        #expect(rest >= 4, "the next attempt came at once: \(line)\n\(next)")
      }
    }
  }

  private static func time(of line: Substring) throws -> Date {
    let time = try #require(line.split(separator: " ").first)
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.dateFormat = "yyyy-MM-dd'T'HH:mm:ssZ"
    return try #require(formatter.date(from: String(time)))
  }

  @Test func brokenFileLandsInFailedWithItsSourceAndTheReason() async throws {
    try await withService { service in
      let scratch = service.scratch
      let whole = try Data(contentsOf: URL(filePath: try await scratch.video("whole.mp4", seconds: 5)))
      let cases = [
        ("empty.mp4", Data(), "empty-file"), ("letter.mp4", Data("Dear Sir,".utf8), "not-media"),
        ("cut.mp4", whole.prefix(20_000), "not-media"),
        ("silent.mp4", try Data(contentsOf: URL(filePath: try await scratch.silentVideo("s.mp4"))), "no-audio-track"),
      ]
      for (name, content, code) in cases {
        try await service.drop(try scratch.write("bad", content), as: name)
        let job = try await service.endedJob(named: name)
        #expect(job.state == "failed", "\(name)")
        #expect(job.error?.code == code, "\(name)")
        let kept = try #require(scratch.names("failed").first { $0.hasPrefix(job.fid) })
        #expect(FileManager.default.contents(atPath: scratch.spool.path + "/failed/\(kept)/source") == content)
        let sentence = try #require(job.error?.sentence)
        #expect(try await scratch.mp3spool("show", job.fid).output.contains(sentence), "\(name)")
        let output = try #require(
          try FileManager.default.contentsOfDirectory(atPath: scratch.spool.path + "/failed/\(kept)")
            .first { $0.hasPrefix("a.") })
        let reason = try String(
          contentsOfFile: scratch.spool.path + "/failed/\(kept)/\(output)/failure.json", encoding: .utf8)
        #expect(reason.contains(sentence), "\(name)")
      }
      #expect(scratch.names("done").isEmpty)
    }
  }

  @Test func strangeNamesAreKeptApartAndReadable() async throws {
    try await withService { service in
      let scratch = service.scratch
      let video = try await scratch.video("clip.mp4", seconds: 0.5)
      for name in ["two words.mp4", "line\nbreak.mp4", "-dash.mp4", "Ünï🎵.mp4", "no extension", "a.b.c.mp4"] {
        try await service.drop(video, as: name)
      }
      try await eventually("six MP3s") { scratch.names("done").filter { $0.hasSuffix(".mp3") }.count == 6 }
      #expect(
        Set(scratch.names("done").filter { $0.hasSuffix(".mp3") }) == [
          "two words.mp3", "line\u{FFFD}break.mp3", "-dash.mp3", "Ünï🎵.mp3", "no extension.mp3", "a.b.c.mp3",
        ])
    }
  }

  @Test func filesDroppedWhileTheServiceWasDownAreFound() async throws {
    try await withScratch { scratch in
      try await scratch.makeSpool()
      let video = try await scratch.video("early.mp4", seconds: 0.5)
      try await scratch.run("cp", [video, scratch.spool.appending(path: "incoming").path])
      try await scratch.serve { service in
        let job = try await service.endedJob(named: "early.mp4")
        #expect(job.state == "done")
      }
    }
  }
}

extension FolderTests {
  /// Twenty dropped files wait when somebody uploads one: it is not the last.
  @Test func oneOwnersManyFilesDoNotStarveAnothersSingleOne() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      let gateway = try await Service.start(in: scratch, ["gateway"])
      let many = 20
      let clip = try await scratch.video("clip.mp4", seconds: 1)
      for number in 0..<many { try await gateway.drop(clip, as: "\(number).mp4") }
      try await eventually("that they wait") { try await gateway.jobs().count == many }
      let fid = try await gateway.upload(clip)
      let work = try await Service.start(in: scratch, ["work"], ["MP3SPOOL_CONVERTERS": "1"])
      for job in try await gateway.jobs() { _ = try await gateway.ended(job.fid) }
      let order = work.command.log.split(separator: "\n").filter { $0.contains(" converted") }
      #expect(order.count == many + 1)
      let place = try #require(order.firstIndex { $0.contains("job=\(fid)") })
      #expect(place < many * 3 / 4)
      for service in [work, gateway] { #expect(await service.stop().status == 0) }
    }
  }
}
