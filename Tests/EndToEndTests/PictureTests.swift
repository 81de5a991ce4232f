import Foundation
import Testing

/// What shows an MP3 to people: its waveform, its tags, its cover.
@Suite struct PictureTests {
  private struct Waveform: Decodable {
    let duration: Double
    let peaks: [Int]
  }

  /// Two seconds at 0.4 of full scale in the one channel, then two of silence, then two at 0.8 in the other.
  @Test func waveformShowsWhereItIsLoud() async throws {
    try await withService { service in
      let scratch = service.scratch
      let sound = "aevalsrc=0.4*lt(t\\,2)*sin(2*PI*500*t)|0.8*gt(t\\,4)*sin(2*PI*500*t):s=44100:d=6"
      let file = scratch.path("steps.wav")
      try await scratch.run("ffmpeg", ["-nostdin", "-v", "error", "-f", "lavfi", "-i", sound, file])
      let fid = try await service.upload(file)
      let job = try await service.ended(fid)
      let answer = try await service.request("/jobs/\(fid)/waveform")
      let waveform = try answer.json(Waveform.self)
      #expect(waveform.duration == job.result?.duration)
      #expect(waveform.peaks.count == 400)
      #expect(waveform.peaks[1..<132].allSatisfy { 100...104 ~= $0 }, "\(waveform.peaks)")
      #expect(waveform.peaks[135..<265].allSatisfy { $0 == 0 }, "\(waveform.peaks)")
      #expect(waveform.peaks[268...].allSatisfy { 202...206 ~= $0 }, "\(waveform.peaks)")
      #expect(try await service.request("/jobs/\(fid)").text.contains("waveform") == false)

      let tag = try #require(answer.headers["etag"])
      #expect(answer.headers["cache-control"] == "private, max-age=31536000, immutable")
      #expect(answer.headers["vary"] == "authorization")
      #expect(try await service.request("/jobs/\(fid)/waveform", "-H", "If-None-Match: \(tag)").status == 304)
      #expect(try await service.request("/jobs/\(fid)/waveform?track=1").body == answer.body)
      #expect(try await service.request("/jobs/\(fid)/waveform?track=2").status == 404)
      // Others' jobs do not exist.
      #expect(try await service.request("/jobs/\(fid)/waveform", token: Accounts.readerToken).status == 404)
      #expect(try await service.request("/jobs/\(fid)/waveform", token: nil).status == 401)
    }
  }

  @Test func tagsChaptersAndCoverAreShown() async throws {
    try await withService { service in
      let (file, cover) = try await service.scratch.talk()
      let fid = try await service.upload(file)
      let result = try #require(try await service.ended(fid).result)
      #expect(
        result.tags == [
          "title": "Ein schönes Gespräch 🎙", "artist": "Zoë", "album": "日本", "date": "2024-05-31", "genre": "Talk",
          "comment": "Two lines",
        ])
      #expect(
        result.chapters == [.init(start: 0, end: 1.5, title: "Erstes"), .init(start: 1.5, end: 4, title: "第二")])
      let picture = try Data(contentsOf: URL(filePath: cover))
      #expect(result.cover == .init(type: "image/png", length: picture.count))

      let answer = try await service.request("/jobs/\(fid)/cover")
      #expect(answer.status == 200 && answer.body == picture)
      #expect(answer.headers["content-type"] == "image/png")
      #expect(answer.headers["x-content-type-options"] == "nosniff")
      #expect(answer.headers["content-security-policy"] == "default-src 'none'")
      let tag = try #require(answer.headers["etag"])
      #expect(try await service.request("/jobs/\(fid)/cover", "-H", "If-None-Match: \(tag)").status == 304)
      #expect(try await service.request("/jobs/\(fid)/cover", token: Accounts.readerToken).status == 404)
    }
  }

  /// Its tag is ours, though its frames are the source's.
  @Test func copiedMP3HasItsTagsAndCover() async throws {
    try await withService { service in
      let scratch = service.scratch
      let (file, cover) = try await scratch.talk()
      let mp3 = scratch.path("talk.mp3")
      try await scratch.mp3spool("convert", file, mp3)
      let fid = try await service.upload(mp3)
      let result = try #require(try await service.ended(fid).result)
      #expect(result.tags?["artist"] == "Zoë" && result.chapters?.count == 2)
      #expect(
        try await service.request("/jobs/\(fid)/cover").body == Data(contentsOf: URL(filePath: cover)))
    }
  }

  @Test func fileThatSaysNothingHasNoTagsAndNoCover() async throws {
    try await withService { service in
      let fid = try await service.upload(try await service.scratch.sound("tone.wav", seconds: 1))
      let result = try #require(try await service.ended(fid).result)
      #expect(result.chapters == nil && result.cover == nil && result.tags?["title"] == nil)
      let answer = try await service.request("/jobs/\(fid)/cover")
      #expect(answer.status == 404 && answer.text == "this MP3 has no cover")
    }
  }

  @Test func whatHasNoWaveformSaysWhy() async throws {
    try await withService { service in
      let copied = try await service.upload(try await service.scratch.sound("tone.mp3", seconds: 2))
      _ = try await service.ended(copied)
      let answer = try await service.request("/jobs/\(copied)/waveform")
      #expect(answer.status == 404 && answer.text.contains("copied"), "\(answer)")
      let failed = try await service.upload(try await service.scratch.silentVideo("silent.mp4"))
      _ = try await service.ended(failed)
      let none = try await service.request("/jobs/\(failed)/waveform")
      #expect(none.status == 404 && none.text == "the job has no MP3: it is failed", "\(none)")
    }
  }
}
