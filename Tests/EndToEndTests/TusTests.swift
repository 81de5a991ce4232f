import Foundation
import Testing

/// What tus 1.0 (https://tus.io/protocols/resumable-upload) wants of a server, and what becomes of its uploads.
@Suite struct TusTests {
  @Test func resumedUploadBecomesAJobOfItsId() async throws {
    try await withService { service in
      let tus = Tus(service: service)
      let file = try await service.scratch.video("My holiday.mp4", seconds: 3)
      let video = try Data(contentsOf: URL(filePath: file)).bytes
      let half = video.count / 2
      let path = try await tus.create(
        length: video.count, metadata: ["filename": "My holiday.mp4", "filetype": "video/mp4", "channels": "mono"])
      #expect(try await tus.offset(path) == 0)

      let first = try await tus.patch(path, at: 0, video.prefix(half))
      #expect(first.status == 204, "\(first)")
      #expect(first.headers["upload-offset"] == "\(half)")
      #expect(first.headers["upload-expires"]?.hasSuffix("GMT") == true, "\(first)")
      #expect(first.headers["mp3spool-fid"] == nil)
      #expect(try await service.jobs().isEmpty)
      let told = try await tus.send("HEAD", path)
      #expect(told.status == 200)
      #expect(told.headers["upload-offset"] == "\(half)")
      #expect(told.headers["upload-length"] == "\(video.count)")
      #expect(told.headers["cache-control"] == "no-store")
      #expect(told.headers["tus-resumable"] == "1.0.0")
      #expect(told.headers["upload-metadata"]?.contains("filename TXkgaG9saWRheS5tcDQ=") == true)

      let last = try await tus.patch(path, at: half, video.dropFirst(half))
      #expect(last.status == 204, "\(last)")
      #expect(last.headers["upload-offset"] == "\(video.count)")
      let fid = try #require(last.headers["mp3spool-fid"])
      #expect(path == "/files/\(fid)")
      let job = try await service.ended(fid)
      #expect(job.state == "done")
      #expect(job.name == "My holiday.mp4")
      #expect(job.size == video.count)
      #expect(job.result?.channels == 1)
      let source = try await service.scratch.run("sha256sum", [file]).prefix(64)
      #expect(try await service.scratch.mp3spool("show", fid).output.contains(source))

      try await expectFinished(tus, path, video.count, fid)
      #expect(service.scratch.names(".state/uploads").isEmpty)
      #expect(try await service.jobs().count == 1)
    }
  }

  /// A client that did not hear the last answer asks again, and is told the same.
  private func expectFinished(_ tus: Tus, _ path: String, _ length: Int, _ fid: String) async throws {
    for answer in [try await tus.send("HEAD", path), try await tus.patch(path, at: length, [])] {
      #expect([200, 204].contains(answer.status), "\(answer)")
      #expect(answer.headers["upload-offset"] == "\(length)")
      #expect(answer.headers["mp3spool-fid"] == fid)
    }
    #expect(try await tus.patch(path, at: 0, [1, 2, 3]).status == 409)
    #expect(try await tus.patch(path, at: length, [1, 2, 3]).status == 413)
    #expect(try await tus.send("DELETE", path).status == 409)
  }

  @Test func serverSaysWhatItCan() async throws {
    try await withService(["MP3SPOOL_MAXIMUM_UPLOAD": "5M"]) { service in
      let tus = Tus(service: service)
      for path in ["/files", "/files/", "/files/01ARZ3NDEKTSV4RRFFQ69G5FAV"] {
        let answer = try await tus.send("OPTIONS", path, version: nil, token: nil)
        #expect(answer.status == 204)
        #expect(answer.headers["tus-version"] == "1.0.0")
        let extensions = "creation,creation-with-upload,creation-defer-length,expiration,checksum,termination"
        #expect(answer.headers["tus-extension"] == extensions)
        #expect(answer.headers["tus-max-size"] == "\(5 << 20)")
        #expect(answer.headers["tus-checksum-algorithm"] == "sha1,sha256")
      }
    }
  }

  @Test func otherVersionOrNoneIsRefused() async throws {
    try await withService { service in
      let tus = Tus(service: service)
      let path = try await tus.create(length: 3)
      for version in [nil, "0.2.2", "2.0.0"] {
        for (method, path) in [("POST", "/files"), ("HEAD", path), ("PATCH", path), ("DELETE", path)] {
          let answer = try await tus.send(method, path, ["Upload-Length": "3"], version: version)
          #expect(answer.status == 412, "\(method): \(answer)")
          #expect(answer.headers["tus-version"] == "1.0.0")
        }
      }
      #expect(try await tus.offset(path) == 0)
    }
  }

  @Test func portionAtTheWrongPlaceOrOfTheWrongTypeChangesNothing() async throws {
    try await withService { service in
      let tus = Tus(service: service)
      let path = try await tus.create(length: 10)
      #expect(try await tus.patch(path, at: 0, [1, 2, 3]).status == 204)
      for offset in [0, 2, 4, 10] { #expect(try await tus.patch(path, at: offset, [4]).status == 409, "\(offset)") }
      #expect(try await tus.patch(path, at: 3, [4], ["Content-Type": "video/mp4"]).status == 415)
      #expect(try await tus.patch(path, at: 3, [4], ["Upload-Offset": "x"]).status == 400)
      #expect(try await tus.patch(path, at: 3, [4], ["Upload-Offset": "-3"]).status == 400)
      #expect(try await tus.send("PATCH", path, ["Content-Type": Tus.bytes], body: [4]).status == 400)
      #expect(try await tus.patch(path, at: 3, Array(repeating: 4, count: 8)).status == 413)
      let chunked = try await tus.patch(
        path, at: 3, Array(repeating: 4, count: 8), ["Transfer-Encoding": "chunked"])
      #expect(chunked.status == 413, "\(chunked)")
      #expect(try await tus.offset(path) == 3)
    }
  }

  @Test func newUploadMustSayItsLength() async throws {
    try await withService(["MP3SPOOL_MAXIMUM_UPLOAD": "1M"]) { service in
      let tus = Tus(service: service)
      for headers in [
        [:], ["Upload-Length": "-1"], ["Upload-Length": "many"], ["Upload-Defer-Length": "2"],
        ["Upload-Length": "5", "Upload-Defer-Length": "1"], ["Upload-Length": "5", "Upload-Metadata": "filename ???"],
        ["Upload-Length": "5", "Upload-Metadata": Tus.metadata(["filename": "../x"])],
      ] {
        let answer = try await tus.send("POST", "/files", headers)
        #expect(answer.status == 400, "\(headers): \(answer)")
        #expect(answer.headers["tus-resumable"] == "1.0.0")
      }
      let large = try await tus.send("POST", "/files", ["Upload-Length": "\(1 << 20 | 1)"])
      #expect(large.status == 413, "\(large)")
      #expect(service.scratch.names(".state/uploads").isEmpty)
    }
  }

  @Test func optionsStandInTheMetadataOrTheQuery() async throws {
    try await withService { service in
      let tus = Tus(service: service)
      for (query, metadata) in [("", ["preset": "loud"]), ("", ["bitrate": "5"]), ("?rate=12345", [:])] {
        let answer = try await tus.send(
          "POST", "/files\(query)", ["Upload-Length": "5", "Upload-Metadata": Tus.metadata(metadata)])
        #expect(answer.status == 400, "\(answer)")
        #expect(answer.text.hasSuffix("."), "\(answer)")
      }
      let file = try await service.scratch.video("clip.mp4")
      let video = try Data(contentsOf: URL(filePath: file)).bytes
      let answer = try await tus.send(
        "POST", "/files?rate=32000&preset=v9",
        [
          "Upload-Length": "\(video.count)", "Content-Type": Tus.bytes,
          "Upload-Metadata": Tus.metadata(["name": "clip.mp4", "preset": "cbr-128", "channels": "mono"]),
        ], body: video)
      #expect(answer.status == 201, "\(answer)")
      let job = try await service.ended(try #require(answer.headers["mp3spool-fid"]))
      #expect(job.name == "clip.mp4")
      let result = try #require(job.result)
      #expect((result.sampleRate, result.bitrate, result.channels) == (32000, 128_000, 1))
    }
  }

  @Test func creationMayBringBytes() async throws {
    try await withService { service in
      let tus = Tus(service: service)
      let part = try await tus.send(
        "POST", "/files", ["Upload-Length": "10", "Content-Type": Tus.bytes], body: [1, 2, 3])
      #expect(part.status == 201, "\(part)")
      #expect(part.headers["upload-offset"] == "3")
      let path = try #require(part.headers["location"])
      #expect(try await tus.offset(path) == 3)
      let tooMany = try await tus.send(
        "POST", "/files", ["Upload-Length": "2", "Content-Type": Tus.bytes], body: [1, 2, 3])
      #expect(tooMany.status == 413)
      let wrongType = try await tus.send(
        "POST", "/files", ["Upload-Length": "3", "Content-Type": "video/mp4"], body: [1, 2, 3])
      #expect(wrongType.status == 415)
      #expect(service.scratch.names(".state/uploads") == [String(path.dropFirst(7))])
    }
  }

  @Test func emptyUploadIsWholeAtOnce() async throws {
    try await withService { service in
      let tus = Tus(service: service)
      let answer = try await tus.send("POST", "/files", ["Upload-Length": "0"])
      #expect(answer.status == 201)
      let job = try await service.ended(try #require(answer.headers["mp3spool-fid"]))
      #expect(job.error?.code == "empty-file")
      #expect(job.name == "upload")
    }
  }

  @Test func deferredLengthIsSaidOnceAndLater() async throws {
    try await withService { service in
      let tus = Tus(service: service)
      let created = try await tus.send("POST", "/files", ["Upload-Defer-Length": "1"])
      #expect(created.status == 201, "\(created)")
      let path = try #require(created.headers["location"])
      #expect(try await tus.patch(path, at: 0, [1, 2, 3]).headers["upload-offset"] == "3")
      let told = try await tus.send("HEAD", path)
      #expect(told.headers["upload-defer-length"] == "1")
      #expect(told.headers["upload-length"] == nil)
      #expect(try await tus.patch(path, at: 3, [], ["Upload-Length": "2"]).status == 400)
      #expect(try await tus.patch(path, at: 3, [4], ["Upload-Length": "5"]).status == 204)
      #expect(try await tus.send("HEAD", path).headers["upload-length"] == "5")
      #expect(try await tus.patch(path, at: 4, [5], ["Upload-Length": "6"]).status == 400)
      let last = try await tus.patch(path, at: 4, [5])
      #expect(last.headers["mp3spool-fid"] != nil, "\(last)")
    }
  }

  @Test func bytesOfAWrongChecksumDoNotCount() async throws {
    try await withService { service in
      let tus = Tus(service: service)
      let path = try await tus.create(length: 11)
      let sha1 = "Kq5sNclPz7QV2+lfQIuc6R7oRu0="
      let right = try await tus.patch(path, at: 0, "hello world".utf8, ["Upload-Checksum": "sha1 \(sha1)"])
      #expect(right.status == 204, "\(right)")
      let second = try await tus.create(length: 11)
      let wrong = try await tus.patch(second, at: 0, "Hello world".utf8, ["Upload-Checksum": "sha1 \(sha1)"])
      #expect(wrong.status == 460, "\(wrong)")
      #expect(try await tus.offset(second) == 0)
      #expect(try await tus.patch(second, at: 0, "h".utf8, ["Upload-Checksum": "md5 \(sha1)"]).status == 400)
      #expect(try await tus.patch(second, at: 0, "h".utf8, ["Upload-Checksum": "sha1 ???"]).status == 400)
      let sha256 = "uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek="
      #expect(
        try await tus.patch(second, at: 0, "hello world".utf8, ["Upload-Checksum": "sha256 \(sha256)"]).status == 204)
      // One that breaks off cannot be proved.
      let third = try await tus.create(length: 11)
      #expect(try await tus.patch(third, at: 0, "hello ".utf8).status == 204)
      #expect(try await tus.patch(third, at: 6, "WORLD".utf8, ["Upload-Checksum": "sha256 \(sha256)"]).status == 460)
      #expect(try await tus.offset(third) == 6)
      let fid = try #require(try await tus.patch(third, at: 6, "world".utf8).headers["mp3spool-fid"])
      let hash = "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"
      #expect(try await service.scratch.mp3spool("show", fid).output.contains(hash))
    }
  }

  @Test func terminatedUploadIsGone() async throws {
    try await withService { service in
      let tus = Tus(service: service)
      let path = try await tus.create(length: 10)
      #expect(try await tus.patch(path, at: 0, [1, 2, 3]).status == 204)
      let answer = try await tus.send("DELETE", path)
      #expect(answer.status == 204, "\(answer)")
      #expect(answer.headers["tus-resumable"] == "1.0.0")
      for method in ["HEAD", "DELETE"] { #expect(try await tus.send(method, path).status == 404) }
      #expect(try await tus.patch(path, at: 3, [4]).status == 404)
      #expect(service.scratch.names(".state/uploads").isEmpty)
      #expect(service.scratch.names(".state/trash").isEmpty)
    }
  }

  @Test func methodMayStandInAHeader() async throws {
    try await withService { service in
      let tus = Tus(service: service)
      let path = try await tus.create(length: 10)
      let patch = try await tus.send(
        "POST", path, ["X-HTTP-Method-Override": "PATCH", "Upload-Offset": "0", "Content-Type": Tus.bytes],
        body: [1, 2])
      #expect(patch.status == 204, "\(patch)")
      let head = try await tus.send("POST", path, ["X-HTTP-Method-Override": "HEAD"])
      #expect(head.headers["upload-offset"] == "2")
      #expect(try await tus.send("POST", path).status == 405)
      #expect(try await tus.send("POST", path, ["X-HTTP-Method-Override": "DELETE"]).status == 204)
      #expect(try await tus.offset(path) == nil)
    }
  }

  @Test func othersUploadsDoNotExist() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      try await scratch.addUser("other@example.com", "--admin")
      try await scratch.serve { service in
        let tus = Tus(service: service)
        let other = try await service.login(as: "other@example.com").text
        let path = try await tus.create(length: 10)
        for method in ["HEAD", "PATCH", "DELETE"] {
          let headers = ["Upload-Offset": "0", "Content-Type": Tus.bytes]
          #expect(try await tus.send(method, path, headers, token: other).status == 404, "\(method)")
          #expect(try await tus.send(method, path, headers, token: nil).status == 401, "\(method)")
          #expect(try await tus.send(method, path, headers, token: Accounts.readerToken).status == 403, "\(method)")
        }
        #expect(try await tus.send("POST", "/files", ["Upload-Length": "1"], token: nil).status == 401)
        #expect(try await tus.send("POST", "/files", ["Upload-Length": "1"], token: Accounts.readerToken).status == 403)
        #expect(try await tus.offset(path) == 0)
        for name in ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "x"] {
          #expect(try await tus.send("HEAD", "/files/\(name)").status == 404, "\(name)")
        }
      }
    }
  }

  @Test func brokenOffPortionCountsAndGivesTheUploadBack() async throws {
    try await withService { service in
      let tus = Tus(service: service)
      let path = try await tus.create(length: 2_000_000)
      let bytes = (0..<2_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7919 >> 5) }
      try await tus.breakOff(path, at: 0, announcing: 2_000_000, after: bytes.prefix(700_000))
      try await eventually("the bytes that came") { try await tus.offset(path) == 700_000 }
      let last = try await tus.patch(path, at: 700_000, bytes.dropFirst(700_000))
      #expect(last.status == 204, "\(last)")
      let fid = try #require(last.headers["mp3spool-fid"])
      let file = try service.scratch.write("whole", bytes)
      let hash = try await service.scratch.run("sha256sum", [file]).prefix(64)
      #expect(try await service.scratch.mp3spool("show", fid).output.contains(hash))
    }
  }

  @Test func uploadHasOneWriterAndASilentOneGivesWay() async throws {
    try await withService { service in
      let tus = Tus(service: service)
      let path = try await tus.create(length: 1_000_000)
      let bytes = [UInt8](repeating: 7, count: 600_000)
      let silent = try tus.hold(path, at: 0, announcing: 900_000, after: bytes)
      let source = service.scratch.spool.appending(path: ".state/uploads/\(path.dropFirst(7))/source").path
      try await eventually("bytes of the first writer") {
        try FileManager.default.attributesOfItem(atPath: source)[.size] as? Int ?? 0 > 0
      }
      let second = try await tus.patch(path, at: 0, [])
      #expect(second.status == 423, "\(second)")
      #expect(second.headers["retry-after"] == "1")
      #expect(try await tus.send("DELETE", path).status == 423)
      // It has been silent for long enough at last, and what it has brought counts.
      try await eventually("a free upload", within: .seconds(60)) {
        try await tus.patch(path, at: 600_000, [7]).status == 204
      }
      #expect(silent.process.isRunning)
      #expect(try await tus.offset(path) == 600_001)
      silent.send(9)
      #expect(try await tus.send("DELETE", path).status == 204)
    }
  }

  @Test func uploadOutlivesAKilledService() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      let file = try await scratch.video("clip.mp4")
      let video = try Data(contentsOf: URL(filePath: file)).bytes
      let first = try await Service.start(in: scratch)
      let path = try await Tus(service: first).create(length: video.count)
      #expect(try await Tus(service: first).patch(path, at: 0, video.prefix(10_000)).status == 204)
      await first.kill()
      try await scratch.serve { second in
        let tus = Tus(service: second)
        #expect(try await tus.offset(path) == 10_000)
        let last = try await tus.patch(path, at: 10_000, video.dropFirst(10_000))
        let fid = try #require(last.headers["mp3spool-fid"], "\(last)")
        #expect(try await second.ended(fid).state == "done")
        let hash = try await scratch.run("sha256sum", [file]).prefix(64)
        #expect(try await scratch.mp3spool("show", fid).output.contains(hash))
      }
    }
  }

  @Test func abandonedUploadExpires() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      try await scratch.serve(["MP3SPOOL_UPLOAD_EXPIRY": "1"]) { service in
        let tus = Tus(service: service)
        let path = try await tus.create(length: 10)
        try await eventually("the end of an upload") { try await tus.send("HEAD", path).status == 410 }
        #expect(try await tus.patch(path, at: 0, [1]).status == 410)
      }
      #expect(scratch.names(".state/uploads").count == 1)
      // The next start clears it away.
      try await scratch.serve(["MP3SPOOL_UPLOAD_EXPIRY": "1"]) { service in
        try await eventually("an empty directory") { scratch.names(".state/uploads").isEmpty }
      }
      try await scratch.mp3spool("check")
    }
  }
}
