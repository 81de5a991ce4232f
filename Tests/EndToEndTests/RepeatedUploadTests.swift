import Foundation
import Testing

/// The answer to an upload.
private struct Acknowledgement: Decodable {
  let fid: String
  let duplicate: Bool?
}

extension Service {
  fileprivate func put(_ file: String, _ path: String, _ more: String..., token: String = Accounts.adminToken)
    async throws -> Response
  {
    try await scratch.curl(gateway + path, ["-T", file] + more, token: token)
  }
}

/// Uploads that come twice: by a client that did not hear the answer, or by a person who forgot.
@Suite struct RepeatedUploadTests {
  @Test func sameKeyIsTheSameJob() async throws {
    try await withService { service in
      let video = try await service.scratch.video("clip.mp4", seconds: 0.5)
      for path in ["/upload/clip.mp4?duplicate=convert", "/upload?duplicate=convert"] {
        let way = path.hasPrefix("/upload/") ? ["-T", video] : ["-F", "file=@\(video)"]
        let key = ["-H", "Idempotency-Key: for \(path)"]
        let first = try await service.scratch.curl(service.gateway + path, way + key, token: Accounts.adminToken)
        #expect(first.headers["idempotency-replayed"] == nil)
        let second = try await service.scratch.curl(service.gateway + path, way + key, token: Accounts.adminToken)
        #expect(second.status == 200, "\(second)")
        #expect(second.headers["idempotency-replayed"] == "true")
        #expect(second.headers["location"] == first.headers["location"])
        #expect(second.body == first.body)
        let other = try await service.scratch.curl(service.gateway + path, way, token: Accounts.adminToken)
        #expect(other.headers["location"] != first.headers["location"])
      }
      #expect(try await service.jobs().count == 4)
    }
  }

  @Test func keyOfAnotherUploadOrOwnerIsNotTheSame() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      try await scratch.addUser("other@example.com", "--admin")
      try await scratch.serve { service in
        let video = try await scratch.video("clip.mp4", seconds: 0.5)
        let longer = try scratch.write("longer.mp4", Data(contentsOf: URL(filePath: video)) + [0])
        let key = "Idempotency-Key: 8e03978e-40d5-43dd-bc93-6894a57f9324"
        let first = try await service.put(video, "/upload/clip.mp4", "-H", key)
        #expect(first.status == 200)
        #expect(try await service.put(video, "/upload/other.mp4", "-H", key).status == 422)
        #expect(try await service.put(longer, "/upload/clip.mp4", "-H", key).status == 422)
        let other = try await service.login(as: "other@example.com").text
        let theirs = try await service.put(video, "/upload/clip.mp4", "-H", key, token: other)
        #expect(theirs.status == 200)
        #expect(theirs.headers["location"] != first.headers["location"])
        let long = String(repeating: "k", count: 256)
        for wrong in ["Idempotency-Key: \(long)", "Idempotency-Key: a\tb", "Idempotency-Key;"] {
          #expect(try await service.put(video, "/upload/clip.mp4", "-H", wrong).status == 400, "\(wrong)")
        }
        #expect(
          try await service.put(video, "/upload/c.mp4?duplicate=convert", "-H", "Idempotency-Key: \(long.dropLast())")
            .status == 200)
      }
    }
  }

  @Test func secondRequestWaitsForTheFirst() async throws {
    try await withService { service in
      let scratch = service.scratch
      let head = """
        PUT /upload/a.mp4 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(Accounts.adminToken)\r\n\
        Idempotency-Key: slow\r\nContent-Length: 5\r\n\r\n
        """
      let file = try scratch.write("head", head.utf8)
      let script = #"exec 3<>"/dev/tcp/127.0.0.1/$1"; cat "$2" >&3; exec sleep 200"#
      let slow = try scratch.launch("bash", ["-c", script, "slow", service.port, file])
      try await eventually("a staged upload") { !scratch.names(".state/tmp").isEmpty }
      let body = try scratch.write("body", "12345".utf8)
      let second = try await service.put(body, "/upload/a.mp4", "-H", "Idempotency-Key: slow")
      #expect(second.status == 409, "\(second)")
      #expect(second.headers["retry-after"] == "1")
      slow.send(9)
      // Nothing came of it, so the key is free.
      try await eventually("the end of the first request") {
        let answer = try await service.put(body, "/upload/a.mp4", "-H", "Idempotency-Key: slow")
        return answer.status == 200 && answer.headers["idempotency-replayed"] == nil
      }
      #expect(try await service.jobs().count == 1)
    }
  }

  @Test func keyOutlivesAKilledService() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      let video = try await scratch.video("clip.mp4", seconds: 0.5)
      let first = try await Service.start(in: scratch)
      let key = "Idempotency-Key: kept"
      let answer = try await first.put(video, "/upload/clip.mp4", "-H", key)
      await first.kill()
      try await scratch.serve { second in
        let again = try await second.put(video, "/upload/clip.mp4", "-H", key)
        #expect(again.headers["idempotency-replayed"] == "true")
        #expect(again.headers["location"] == answer.headers["location"])
        #expect(try await second.jobs().count == 1)
      }
    }
  }

  /// The service dies between writing the key down and the job: the repeated request makes the job, under the same id.
  @Test func keyWithoutAJobMakesOne() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      let fid = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
      let now = Int(Date().timeIntervalSince1970 * 1000)
      // The first start makes the table.
      try await scratch.serve { _ in }
      try await scratch.run(
        "sqlite3",
        [
          scratch.spool.appending(path: "mp3spool.sqlite").path,
          "INSERT INTO idempotency_keys VALUES ('\(Accounts.admin)', 'k', '\(fid)', 'a.mp4', 5, 0, \(now))",
        ])
      try await scratch.serve { service in
        let body = try scratch.write("body", "12345".utf8)
        let answer = try await service.put(body, "/upload/a.mp4", "-H", "Idempotency-Key: k")
        #expect(answer.headers["idempotency-replayed"] == nil)
        #expect(try answer.json(Acknowledgement.self).fid == fid)
        let again = try await service.put(body, "/upload/a.mp4", "-H", "Idempotency-Key: k")
        #expect(again.headers["idempotency-replayed"] == "true")
        #expect(try again.json(Acknowledgement.self).fid == fid)
        #expect(try await service.jobs().map(\.fid) == [fid])
      }
    }
  }

  @Test func keyedCreationIsTheSameUpload() async throws {
    try await withService { service in
      let tus = Tus(service: service)
      let headers = [
        "Upload-Length": "5", "Idempotency-Key": "t", "Upload-Metadata": Tus.metadata(["filename": "a.mp4"]),
      ]
      let first = try await tus.send("POST", "/files", headers)
      let path = try #require(first.headers["location"])
      #expect(try await tus.patch(path, at: 0, [1, 2]).status == 204)
      let second = try await tus.send("POST", "/files", headers)
      #expect(second.status == 201, "\(second)")
      #expect(second.headers["idempotency-replayed"] == "true")
      #expect(second.headers["location"] == path)
      #expect(second.headers["upload-offset"] == "2")
      #expect(try await tus.send("POST", "/files", headers.merging(["Upload-Length": "6"]) { $1 }).status == 422)
      #expect(try await tus.patch(path, at: 2, [3, 4, 5]).status == 204)
      let third = try await tus.send("POST", "/files", headers)
      #expect(third.headers["mp3spool-fid"] == String(path.dropFirst(7)))
    }
  }

  @Test func sameContentIsAnsweredFromTheEarlierResult() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      try await scratch.addUser("other@example.com", "--admin")
      try await scratch.serve { service in
        let video = try await scratch.video("clip.mp4", seconds: 0.5)
        let fid = try await service.upload(video)
        #expect(try await service.ended(fid).state == "done")
        let again = try await service.put(video, "/upload/another%20name.mp4")
        #expect(try again.json(Acknowledgement.self).fid == fid)
        #expect(try again.json(Acknowledgement.self).duplicate == true)
        #expect(again.headers["location"] == "/jobs/\(fid)")
        let text = try await service.put(video, "/upload/c.mp4", "-H", "Accept: text/plain")
        #expect(text.text == "success")
        #expect(scratch.names(".state/tmp").isEmpty)
        #expect(try await service.jobs().count == 1)

        let other = try await service.login(as: "other@example.com").text
        for answer in [
          try await service.put(video, "/upload/c.mp4", token: other),
          try await service.put(video, "/upload/c.mp4?preset=v9"),
          try await service.put(video, "/upload/c.mp4?duplicate=convert"),
          try await service.request("/upload", "-F", "file=@\(video)", "-F", "duplicate=convert"),
        ] {
          let said = try answer.json(Acknowledgement.self)
          #expect(said.fid != fid && said.duplicate == nil)
        }
        let wrong = try await service.put(video, "/upload/c.mp4?duplicate=never")
        #expect(wrong.status == 400)
        #expect(wrong.text == "duplicate must be answer or convert.")
      }
    }
  }

  @Test func failedOrRemovedResultIsNoAnswer() async throws {
    try await withService { service in
      let letter = try service.scratch.write("letter.txt", "Dear Sir or Madam,".utf8)
      let failed = try await service.put(letter, "/upload/a").json(Acknowledgement.self).fid
      #expect(try await service.ended(failed).state == "failed")
      #expect(try await service.put(letter, "/upload/a").json(Acknowledgement.self).fid != failed)
      let video = try await service.scratch.video("clip.mp4", seconds: 0.5)
      let fid = try await service.put(video, "/upload/b").json(Acknowledgement.self).fid
      _ = try await service.ended(fid)
      #expect(try await service.request("/jobs/\(fid)", "-X", "DELETE").status == 204)
      #expect(try await service.put(video, "/upload/b").json(Acknowledgement.self).fid != fid)
    }
  }

  @Test func resumedUploadOfTheSameContentIsAnsweredToo() async throws {
    try await withService { service in
      let tus = Tus(service: service)
      let file = try await service.scratch.video("clip.mp4", seconds: 0.5)
      let video = try Data(contentsOf: URL(filePath: file)).bytes
      let fid = try await service.upload(file)
      let path = try await tus.create(length: video.count)
      let last = try await tus.patch(path, at: 0, video)
      for answer in [last, try await tus.send("HEAD", path), try await tus.patch(path, at: video.count, [])] {
        #expect(answer.headers["mp3spool-fid"] == fid, "\(answer)")
        #expect(answer.headers["mp3spool-duplicate"] == "true")
        #expect(answer.headers["upload-offset"] == "\(video.count)")
      }
      let forced = try await tus.create(length: video.count, metadata: ["filename": "c.mp4", "duplicate": "convert"])
      let second = try await tus.patch(forced, at: 0, video)
      #expect(second.headers["mp3spool-fid"] == String(forced.dropFirst(7)))
      #expect(second.headers["mp3spool-duplicate"] == nil)
    }
  }
}

/// `curl -T -` sends what comes out of a pipe, whose length nobody knows.
@Suite struct PipedUploadTests {
  private func pipe(_ service: Service, _ producer: String, to name: String) async throws -> String {
    let script = #"""
      set -o pipefail
      \#(producer) | curl -sS -m 100 -T - -H "Authorization: Bearer $1" -w '\n%{http_code}' "$2"
      """#
    return try await service.scratch.tool(
      "bash", ["-c", script, "pipe", Accounts.adminToken, "\(service.gateway)/upload/\(name)"]
    ).output
  }

  @Test func pipeBecomesAJob() async throws {
    try await withService { service in
      let video = try await service.scratch.video("clip.mp4", seconds: 1)
      let said = try await pipe(service, "(head -c 5000 '\(video)'; sleep 0.2; tail -c +5001 '\(video)')", to: "p.mp4")
      #expect(said.hasSuffix("\n200"), "\(said)")
      let job = try await service.endedJob(named: "p.mp4")
      #expect(job.state == "done")
      let hash = try await service.scratch.run("sha256sum", [video]).prefix(64)
      #expect(try await service.scratch.mp3spool("show", job.fid).output.contains(hash))
    }
  }

  /// The producer never ends: only the service can end this.
  @Test func endlessPipeIsCutOffAtTheLimit() async throws {
    try await withService(["MP3SPOOL_MAXIMUM_UPLOAD": "1M"]) { service in
      let said = try await pipe(service, "cat /dev/zero", to: "zeros.mp4")
      #expect(said.hasSuffix("\n413"), "\(said)")
      #expect(said.contains("too large"))
      #expect(try await service.jobs().isEmpty)
      try await eventually("an empty staging directory", within: .seconds(20)) {
        service.scratch.names(".state/tmp").isEmpty
      }
    }
  }

  @Test func pipeThatBreaksOffMakesNoJob() async throws {
    try await withService { service in
      let scratch = service.scratch
      let head = """
        PUT /upload/a.mp4 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \(Accounts.adminToken)\r\n\
        Transfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n
        """
      try await scratch.exchange(head, port: service.port, hangUp: true)
      try await eventually("an empty staging directory", within: .seconds(20)) { scratch.names(".state/tmp").isEmpty }
      #expect(try await service.jobs().isEmpty)
    }
  }
}
