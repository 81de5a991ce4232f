import Foundation
import Testing

@Suite struct DownloadTests {
  @Test func partsAndConditionsAreHonoured() async throws {
    try await withService { service in
      let fid = try await service.upload(try await service.scratch.video("clip.mp4", seconds: 4))
      let job = try await service.ended(fid)
      let path = "/download?fid=\(fid)"
      let whole = try await service.request(path)
      let (bytes, size) = (whole.body, whole.body.count)
      let tag = try #require(whole.headers["etag"])
      #expect(tag == "\"\(try #require(job.result?.sha256))\"", "the tag is a strong one, of the bytes")
      let file = try service.scratch.write("whole.mp3", bytes)
      #expect(try await service.scratch.run("sha256sum", [file]).prefix(64) == tag.dropFirst().dropLast())
      #expect(whole.headers["accept-ranges"] == "bytes")

      let cases: [(range: String, bytes: Range<Int>)] = [
        ("0-0", 0..<1), ("100-199", 100..<200), ("1000-", 1000..<size), ("-500", size - 500..<size),
        ("\(size - 1)-99999999", size - 1..<size),
      ]
      for (range, expected) in cases {
        let part = try await service.request(path, "-r", range)
        #expect(part.status == 206, "\(range)")
        #expect(part.body == bytes[expected], "\(range)")
        #expect(part.headers["content-range"] == "bytes \(expected.lowerBound)-\(expected.upperBound - 1)/\(size)")
      }
      let beyond = try await service.request(path, "-r", "\(size)-")
      #expect(beyond.status == 416)
      #expect(beyond.headers["content-range"] == "bytes */\(size)")
      #expect(try await service.request(path, "-r", "0-9", "-H", "If-Range: \(tag)").body.count == 10)
      #expect(try await service.request(path, "-r", "0-9", "-H", "If-Range: \"other\"").body == bytes)
      #expect(try await service.request(path, "-H", "If-None-Match: \(tag)").status == 304)
      #expect(try await service.request(path, "-H", "Range: bytes=9-1").body == bytes, "a wrong range is ignored")

      let head = try await service.request(path, "-I")
      #expect(head.status == 200)
      #expect(head.body.isEmpty || head.text.hasPrefix("HTTP/1.1"), "curl writes the head of an answer without body")
      #expect(head.headers["content-length"] == "\(size)")
      #expect(head.headers["etag"] == tag)
    }
  }

  @Test func severalPartsComeInOneAnswer() async throws {
    try await withService { service in
      let scratch = service.scratch
      let fid = try await service.upload(try await scratch.sound("long.wav", seconds: 60))
      _ = try await service.ended(fid)
      let path = "/download?fid=\(fid)"
      let bytes = try await service.request(path).body
      let size = bytes.count
      // The second is longer than what is read from the disk at once.
      let answer = try await service.request(path, "-r", "0-99,1000-\(size - 1000),-7")
      #expect(answer.status == 206 && answer.headers["content-range"] == nil)
      #expect(answer.headers["content-length"] == "\(answer.body.count)")
      let type = try #require(answer.headers["content-type"])
      let boundary = try #require(type.wholeMatch(of: /multipart\/byteranges; boundary=(.+)/)).output.1
      let files = [try scratch.write("parts", answer.body), try scratch.write("whole", bytes)]
      let parts = try await scratch.run("python3", ["-c", Self.judge] + files + [String(boundary)])
      let expected = [0..<100, 1000..<size - 999, size - 7..<size].map {
        "audio/mpeg|bytes \($0.lowerBound)-\($0.upperBound - 1)/\(size)|True"
      }
      #expect(parts.split(separator: "\n").map(String.init) == expected)
      let head = try await service.request(path, "-I", "-r", "0-1,4-5")
      #expect(head.status == 206 && head.headers["content-type"]?.hasPrefix("multipart/byteranges") == true)
      // More than the file has at all is answered with the file.
      #expect(try await service.request(path, "-r", "0-,0-").body == bytes)
    }
  }

  private static let judge = """
    import re, sys
    body, whole, boundary = open(sys.argv[1], 'rb').read(), open(sys.argv[2], 'rb').read(), sys.argv[3].encode()
    first, *parts, last = body.split(b'\\r\\n--' + boundary)
    assert first == b'' and last == b'--\\r\\n'
    for part in parts:
        head, payload = part.split(b'\\r\\n\\r\\n', 1)
        match = re.fullmatch(rb'\\r\\nContent-Type: (.*)\\r\\nContent-Range: (bytes (\\d+)-(\\d+)/(\\d+))', head)
        begin, end, size = map(int, match.groups()[2:])
        equal = payload == whole[begin:end + 1] and size == len(whole)
        print(match[1].decode(), match[2].decode(), equal, sep='|')
    """

  @Test func resumedDownloadIsTheWholeFile() async throws {
    try await withService { service in
      let fid = try await service.upload(try await service.scratch.video("clip.mp4", seconds: 4))
      _ = try await service.ended(fid)
      let whole = try await service.request("/download?fid=\(fid)").body
      let file = try service.scratch.write("half.mp3", whole.prefix(whole.count / 2))
      try await service.scratch.run(
        "curl",
        [
          "-sS", "-C", "-", "-o", file, "-H", "Authorization: Bearer \(Accounts.adminToken)",
          "\(service.gateway)/download?fid=\(fid)",
        ])
      #expect(FileManager.default.contents(atPath: file) == whole)
    }
  }

  @Test func whatIsNotThereIsSaid() async throws {
    try await withService { service in
      let none = try await service.request("/download")
      #expect(none.status == 400)
      #expect(none.text == "file id required")
      for fid in ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "x", "..%2F..%2Fetc%2Fpasswd"] {
        let unknown = try await service.request("/download?fid=\(fid)")
        #expect(unknown.status == 404, "\(fid)")
        #expect(unknown.text == "file not found", "\(fid)")
      }
    }
  }

  @Test func pendingDownloadAsksForPatience() async throws {
    try await withService(["MP3SPOOL_ENCODER_THREADS": "1"]) { service in
      let fid = try await service.dropLongFile()
      let pending = try await service.request("/download?fid=\(fid)")
      #expect(pending.status == 409)
      #expect(pending.headers["retry-after"].flatMap(Int.init) != nil)
      #expect(try await service.request("/jobs/\(fid)", "-X", "DELETE").status == 204)
      let job = try await service.ended(fid)
      #expect(job.state == "failed")
      #expect(job.error?.code == "cancelled")
      #expect(try await service.request("/download?fid=\(fid)").status == 410)
    }
  }

  @Test func deletedJobIsGone() async throws {
    try await withService { service in
      let fid = try await service.upload(try await service.scratch.video("clip.mp4"))
      _ = try await service.ended(fid)
      #expect(try await service.request("/jobs/\(fid)", "-X", "DELETE").status == 204)
      #expect(try await service.request("/jobs/\(fid)").status == 404)
      #expect(try await service.request("/download?fid=\(fid)").status == 410)
      #expect(service.scratch.names("done").isEmpty)
    }
  }
}

@Suite struct JobListTests {
  @Test func newestJobComesFirstAndPagesFollow() async throws {
    try await withService { service in
      let video = try await service.scratch.video("clip.mp4", seconds: 0.5)
      var fids: [String] = []
      // One after the other: the turns of those that wait at the same time lie in their ids, which order jobs of one second.
      for _ in 0..<3 {
        fids.append(try await service.upload(video))
        _ = try await service.ended(try #require(fids.last))
      }
      let bad = try await service.upload(try service.scratch.write("bad.mp4", "no video".utf8))
      _ = try await service.ended(bad)

      #expect(try await service.jobs().map(\.fid) == [bad] + fids.reversed())
      let page = try await service.request("/jobs?limit=2&before=\(bad)").json(JobList.self).jobs
      #expect(page.map(\.fid) == [fids[2], fids[1]])
      #expect(try await service.request("/jobs?state=failed").json(JobList.self).jobs.map(\.fid) == [bad])
      for query in ["state=lost", "limit=0", "limit=x", "before=x"] {
        #expect(try await service.request("/jobs?\(query)").status == 400, "\(query)")
      }
      #expect(try await service.request("/jobs/\(fids[0])/retry", "-X", "POST").status == 409)
      #expect(try await service.request("/jobs/x").status == 404)
    }
  }

  @Test func runningJobTellsItsProgress() async throws {
    try await withService(["MP3SPOOL_ENCODER_THREADS": "1"]) { service in
      let fid = try await service.dropLongFile()
      let progress = try await eventually("progress") { try await service.job(fid).progress }
      let fraction = try #require(progress.fraction)
      #expect(fraction > 0 && fraction <= 1)
      #expect(abs(progress.position / 7200 - fraction) < 0.01)
      #expect(progress.speed > 1 && (progress.timeLeft ?? -1) >= 0)
      let shown = try await service.scratch.mp3spool("show", fid)
      #expect(shown.output.contains(/progress +[0-9]+ %, [0-9.]+x, [0-9]+:[0-9][0-9] left/))
      #expect(try await service.request("/jobs/\(fid)", "-X", "DELETE").status == 204)
    }
  }
}
