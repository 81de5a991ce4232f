import Foundation
import Testing

/// What a refused upload must not do: leave anything where a converter or a person would find it.
private func expectNothingLeft(in scratch: Scratch, sourceLocation: SourceLocation = #_sourceLocation) async throws {
  for state in ["incoming", "active", "done", "failed", "corrupt"] {
    #expect(scratch.names(state).isEmpty, sourceLocation: sourceLocation)
  }
  try await eventually("an empty staging directory", within: .seconds(20)) { scratch.names(".state/tmp").isEmpty }
}

@Suite struct BadUploadTests {
  @Test func formHasExactlyOneFile() async throws {
    try await withService { service in
      let video = try await service.scratch.video("clip.mp4")
      let cases: [[String]] = [
        ["-F", "file=@\(video)", "-F", "file=@\(video)"], ["-F", "preset=v2"], ["-X", "POST"],
        ["-H", "Content-Type: application/json", "-d", "{}"], ["-H", "Content-Type: multipart/form-data", "-d", "x"],
      ]
      for arguments in cases {
        let answer = try await service.scratch.curl(
          "\(service.gateway)/upload", arguments, token: Accounts.adminToken)
        #expect(answer.status == 400, "\(arguments)")
        #expect(answer.text == "exactly 1 file required", "\(arguments)")
      }
      try await expectNothingLeft(in: service.scratch)
    }
  }

  @Test func nameIsOneProperComponent() async throws {
    try await withService { service in
      let video = try await service.scratch.video("clip.mp4")
      let long = String(repeating: "n", count: 296) + ".mp4"
      for name in ["../../etc/passwd", "..", "a/b.mp4", "a\u{1}b.mp4", "a\u{7F}.mp4", "a\u{202E}4pm.exe", long] {
        let answer = try await service.request("/upload", "-F", "file=@\(video);filename=\"\(name)\"")
        #expect(answer.status == 400, "\(name): \(answer)")
        #expect(answer.text.hasPrefix("A file ") && answer.text.hasSuffix("."), "\(name): \(answer)")
      }
      for name in ["..%2F..%2Fetc%2Fpasswd", "%2E%2E", "a%01b.mp4", "a%00b.mp4", long] {
        let answer = try await service.request("/upload/\(name)", "-T", video, "--path-as-is")
        #expect(answer.status == 400, "\(name): \(answer)")
      }
      try await expectNothingLeft(in: service.scratch)
    }
  }

  @Test func longestNameAndStrangeLettersAreFine() async throws {
    try await withService { service in
      let video = try await service.scratch.video("clip.mp4", seconds: 0.5)
      for name in [String(repeating: "n", count: 251) + ".mp4", "日本語 🎬 'q' & <b>.mp4", "-rf.mp4", "con.mp4 "] {
        let answer = try await service.request(
          "/upload?duplicate=convert", "-F", "file=@\(video);filename=\"\(name)\"")
        let job = try await service.ended(try #require(answer.json([String: String].self)["fid"], "\(answer)"))
        #expect(job.state == "done")
        #expect(job.name == name)
        #expect(try await service.request(try #require(job.download)).status == 200)
      }
    }
  }

  @Test func wrongOptionIsRefusedWithASentence() async throws {
    try await withService { service in
      let video = try await service.scratch.video("clip.mp4", seconds: 0.5)
      for (field, word) in [("preset=loud", "preset"), ("bitrate=128", "bitrate"), ("rate=12345", "rate")] {
        for answer in [
          try await service.request("/upload", "-F", "file=@\(video)", "-F", field),
          try await service.request("/upload?\(field)", "-F", "file=@\(video)"),
          try await service.request("/upload/clip.mp4?\(field)", "-T", video),
        ] {
          #expect(answer.status == 400, "\(field): \(answer)")
          #expect(answer.text.contains(word) && answer.text.hasSuffix("."), "\(field): \(answer)")
        }
      }
      try await expectNothingLeft(in: service.scratch)
    }
  }

  @Test func uploadThatBreaksOffLeavesNothing() async throws {
    try await withService { service in
      let head = """
        POST /upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(Accounts.adminToken)\r\n\
        Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 5000000\r\n\r\n\
        --b\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n
        """
      let part = String(repeating: "x", count: 2_000_000)
      try await service.scratch.exchange(head + part, port: service.port, hangUp: true)
      let put = """
        PUT /upload/a.mp4 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(Accounts.adminToken)\r\n\
        Content-Length: 5000000\r\n\r\n
        """
      try await service.scratch.exchange(put + part, port: service.port, hangUp: true)
      try await expectNothingLeft(in: service.scratch)
      #expect(try await service.jobs().isEmpty)
    }
  }

  @Test func killedClientLeavesNothing() async throws {
    try await withService { service in
      let scratch = service.scratch
      let file = try scratch.longSilence("big.wav", minutes: 5)
      let client = try scratch.launch(
        "curl",
        [
          "-sS", "--limit-rate", "4M", "-H", "Authorization: Bearer \(Accounts.adminToken)", "-F", "file=@\(file)",
          "\(service.gateway)/upload",
        ])
      try await eventually("a staged upload") { !scratch.names(".state/tmp").isEmpty }
      client.send(9)
      _ = await client.outcome()
      try await expectNothingLeft(in: scratch)
    }
  }

  @Test func formThatEndsBeforeItsLastBoundaryIsRefused() async throws {
    try await withService { service in
      let body = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.mp4\"\r\n\r\nhalf a fi"
      for (length, body) in [(body.utf8.count, body), (body.utf8.count - 5, body)] {
        let said = try await service.scratch.exchange(
          """
          POST /upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(Accounts.adminToken)\r\nConnection: close\r\n\
          Content-Type: multipart/form-data; boundary=b\r\nContent-Length: \(length)\r\n\r\n\(body)
          """, port: service.port)
        #expect(said.hasPrefix("HTTP/1.1 400"), "\(said)")
        #expect(said.contains("The form ended before its last boundary."), "\(said)")
      }
      try await expectNothingLeft(in: service.scratch)
    }
  }

  @Test func fileBeyondTheLimitIsTooLarge() async throws {
    try await withService(["MP3SPOOL_MAXIMUM_UPLOAD": "100K"]) { service in
      let file = try service.scratch.write("big.mp4", repeatElement(UInt8(0), count: 300_000))
      for arguments in [
        ["-F", "file=@\(file)"], ["-H", "Transfer-Encoding: chunked", "-F", "file=@\(file)"],
        ["-T", file], ["-H", "Transfer-Encoding: chunked", "-T", file],
      ] {
        let path = arguments.contains("-T") ? "/upload/big.mp4" : "/upload"
        let answer = try await service.scratch.curl(
          service.gateway + path, arguments, token: Accounts.adminToken)
        #expect(answer.status == 413, "\(arguments): \(answer)")
        #expect(answer.text.contains("too large"), "\(arguments): \(answer)")
      }
      try await expectNothingLeft(in: service.scratch)
      let exact = try service.scratch.write("exact.mp4", repeatElement(UInt8(0), count: 100 << 10))
      #expect(try await service.request("/upload", "-F", "file=@\(exact)").status == 200)
    }
  }

  /// In a file that is none, no track is the last one.
  @Test(arguments: ["letter.txt", "silent.mp4"])
  func allTracksOfWhatHasNoneAreNotLookedForWithoutEnd(name: String) async throws {
    try await withService { service in
      let file =
        name == "silent.mp4"
        ? try await service.scratch.silentVideo(name) : try service.scratch.write(name, "Dear Sir or Madam,".utf8)
      let job = try await service.ended(try await service.upload(file, "-F", "track=all"))
      #expect(job.error?.code == (name == "silent.mp4" ? "no-audio-track" : "not-media"))
    }
  }

  @Test func whatCannotBeConvertedSaysWhy() async throws {
    try await withService { service in
      let scratch = service.scratch
      let video = try await scratch.video("whole.mp4", seconds: 5)
      let cut = try Data(contentsOf: URL(filePath: video)).prefix(20_000)
      let cases = [
        (try scratch.write("letter.txt", "Dear Sir or Madam,".utf8), "not-media"),
        (try scratch.write("empty.mp4", []), "empty-file"),
        (try await scratch.silentVideo("silent.mp4"), "no-audio-track"),
        (try scratch.write("cut.mp4", cut), "not-media"),
      ]
      for (file, code) in cases {
        let fid = try await service.upload(file)
        let job = try await service.ended(fid)
        #expect(job.state == "failed", "\(file)")
        #expect(job.error?.code == code, "\(file): \(String(describing: job.error))")
        let sentence = try #require(job.error?.sentence)
        #expect(sentence.contains(" "))
        #expect(try await scratch.mp3spool("show", fid).output.contains(sentence))
        let download = try await service.request("/download?fid=\(fid)")
        #expect(download.status == 410)
        #expect(download.text.contains(sentence))
        let kept = try #require(scratch.names("failed").first { $0.hasPrefix(fid) })
        let source = try Data(contentsOf: scratch.spool.appending(path: "failed/\(kept)/source"))
        #expect(source == FileManager.default.contents(atPath: file), "\(file)")
      }
    }
  }
}
