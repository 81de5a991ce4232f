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

  @Test func fileThatIsBeingWrittenIsAdoptedWhenItIsClosed() async throws {
    try await withService { service in
      let scratch = service.scratch
      let content = try Data(contentsOf: URL(filePath: try await scratch.video("whole.mp4", seconds: 3)))
      let slow = scratch.spool.appending(path: "incoming/slow.mp4")
      try content.prefix(1000).write(to: slow)
      try FileManager.default.removeItem(at: slow)
      try Data().write(to: scratch.directory.appending(path: "empty"))
      try await scratch.run("cp", [scratch.path("empty"), slow.path + ".part"])
      let writer = try FileHandle(forWritingTo: URL(filePath: slow.path + ".part"))
      try await scratch.run("mv", [slow.path + ".part", slow.path])
      let piece = content.count / 3 + 1
      for start in stride(from: 0, to: content.count, by: piece) {
        try writer.write(contentsOf: content[start..<min(start + piece, content.count)])
        // Longer than the time after which a quiet file counts as whole.
        try await Task.sleep(for: .seconds(2.5))
        #expect(FileManager.default.fileExists(atPath: slow.path), "it was taken while its writer had it open")
      }
      try writer.close()
      let job = try await service.endedJob(named: "slow.mp4")
      #expect(job.state == "done")
      #expect(job.size == content.count)
    }
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
      try await Accounts.add(to: scratch)
      try await scratch.mp3spool("check")
      let video = try await scratch.video("early.mp4", seconds: 0.5)
      try await scratch.run("cp", [video, scratch.spool.appending(path: "incoming").path])
      try await scratch.serve { service in
        let job = try await service.endedJob(named: "early.mp4")
        #expect(job.state == "done")
      }
    }
  }
}
