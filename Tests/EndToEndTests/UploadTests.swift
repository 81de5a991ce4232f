import Foundation
import Testing

@Suite struct UploadTests {
  @Test func uploadedVideoBecomesAnMP3() async throws {
    try await withService { service in
      let scratch = service.scratch
      let token = try await service.login(as: Accounts.admin).text
      let video = try await scratch.video("My holiday.mp4", seconds: 3)

      let answer = try await service.request("/upload", "-F", "file=@\(video)", token: token)
      #expect(answer.status == 200)
      let fid = try #require(try answer.json([String: String].self)["fid"])
      #expect(answer.headers["location"] == "/jobs/\(fid)")

      let job = try await service.ended(fid)
      #expect(job.state == "done")
      #expect(job.name == "My holiday.mp4")
      #expect(job.owner == Accounts.admin)
      #expect(job.download == "/download?fid=\(fid)")

      let download = try await service.request("/download?fid=\(fid)", token: token)
      #expect(download.status == 200)
      #expect(download.headers["content-type"] == "audio/mpeg")
      #expect(download.headers["content-disposition"]?.contains("My holiday.mp3") == true)
      #expect(download.headers["content-length"] == "\(download.body.count)")
      let mp3 = try scratch.write("downloaded.mp3", download.body)
      let probe = try await scratch.probe(mp3)
      #expect(probe.streams.map(\.codecName) == ["mp3"])
      #expect(abs(Double(try await scratch.decodedSamples(mp3)) / 44100 - 3) < 1152.0 / 44100)
    }
  }

  @Test func clientThatPrefersTextGetsTheWordOfTheOlderSystem() async throws {
    try await withService { service in
      let video = try await service.scratch.video("clip.mp4")
      let answer = try await service.request("/upload", "-H", "Accept: text/plain", "-F", "file=@\(video)")
      #expect(answer.status == 200)
      #expect(answer.text == "success")
      let location = try #require(answer.headers["location"])
      #expect(try await service.request(location).json(Job.self).name == "clip.mp4")
    }
  }

  @Test func rawBytesCanBePut() async throws {
    try await withService { service in
      let video = try await service.scratch.video("clip.mp4")
      let named = try await service.request("/upload/T%C3%B6ne%20%26%20Bilder.mp4", "-T", video)
      let job = try await service.ended(try #require(named.json([String: String].self)["fid"]))
      #expect(job.state == "done")
      #expect(job.name == "Töne & Bilder.mp4")
      let download = try await service.request(try #require(job.download))
      #expect(download.headers["content-disposition"]?.contains("filename*=UTF-8''T%C3%B6ne") == true)

      let unmeasured = try await service.request(
        "/upload/clip.mp4?duplicate=convert", "-H", "Transfer-Encoding: chunked", "-T", video)
      #expect(try await service.ended(try #require(unmeasured.json([String: String].self)["fid"])).state == "done")
    }
  }

  @Test func filePartMayHaveAnyNameAndFieldsAreOptions() async throws {
    try await withService { service in
      let video = try await service.scratch.video("clip.mp4")
      let answer = try await service.request(
        "/upload?preset=v9&rate=32000", "-F", "preset=cbr-128", "-F", "anything=@\(video)", "-F", "channels=mono")
      let job = try await service.ended(try #require(answer.json([String: String].self)["fid"]))
      let result = try #require(job.result)
      #expect(result.bitrate == 128_000)
      #expect(result.channels == 1)
      #expect(result.sampleRate == 32000)
      let mp3 = try await service.request(try #require(job.download))
      let stream = try await service.scratch.probe(try service.scratch.write("out.mp3", mp3.body)).streams[0]
      #expect(stream.channels == 1)
      #expect(stream.sampleRate == "32000")
      #expect(stream.bitRate == "128000")
    }
  }

  @Test func acknowledgedUploadLiesInTheSpool() async throws {
    try await withService { service in
      let video = try await service.scratch.video("clip.mp4")
      let fid = try await service.upload(video)
      let places = ["incoming", "active", "done"].flatMap { state in service.scratch.names(state) }
      #expect(places.contains { $0.hasPrefix(fid) })
      let source = try await service.scratch.run("sha256sum", [video]).prefix(64)
      let shown = try await service.scratch.mp3spool("show", fid)
      #expect(shown.output.contains(source), "the hash of the bytes that came was not kept")
    }
  }
}
