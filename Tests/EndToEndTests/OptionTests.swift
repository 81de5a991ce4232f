import Foundation
import Testing

/// What each conversion option does to the MP3, judged by other programs.
@Suite struct OptionTests {
  @Test func trimGivesThePartToTheSample() async throws {
    try await withScratch { scratch in
      let file = try await scratch.sound("tone.flac", seconds: 10)
      let cases = [("2.5-4", 66_150), ("-0:01.25", 55_125), ("9-", 44_100), ("3-3.001", 44), ("8-1:00:00", 88_200)]
      for (trim, samples) in cases {
        let mp3 = scratch.path("part.mp3")
        try await scratch.mp3spool("convert", file, mp3, "--trim", trim)
        #expect(try await scratch.decodedSamples(mp3) == samples, "\(trim)")
      }
      let outside = try await scratch.mp3spool("convert", file, "--trim", "20-30", status: 65)
      #expect(outside.errors.split(separator: "\n").count == 1, "\(outside.errors)")
    }
  }

  @Test func partOfAnMP3IsCutOutToo() async throws {
    try await withScratch { scratch in
      let file = try await scratch.sound("tone.mp3", seconds: 10)
      try await scratch.mp3spool("convert", file, scratch.path("part.mp3"), "--trim", "2-5")
      #expect(try await scratch.decodedSamples(scratch.path("part.mp3")) == 132_300)
    }
  }

  /// Speech with pauses and peaks, and a hum that is far too loud: ffmpeg's meter judges.
  @Test(arguments: [
    ("aevalsrc=0.05*sin(2*PI*220*t)*lt(mod(t\\,3)\\,2):s=44100:d=20", -16.0),
    ("aevalsrc=0.05*sin(2*PI*220*t)*lt(mod(t\\,3)\\,2)+0.3*exp(-40*mod(t\\,1))*sin(2*PI*900*t):s=48000:d=20", -18.0),
    ("aevalsrc=0.9*sin(2*PI*440*t)|0.9*sin(2*PI*440*t):s=44100:d=10", -23.0),
  ])
  func loudnessIsWhatWasAskedForAndPeaksKeepUnderTheCeiling(source: String, target: Double) async throws {
    try await withScratch { scratch in
      let wave = scratch.path("sound.wav")
      try await scratch.run("ffmpeg", ["-nostdin", "-v", "error", "-f", "lavfi", "-i", source, wave])
      let outcome = try await scratch.mp3spool("convert", wave, "--loudness", "\(target)", "--json")
      let told = try JSONDecoder().decode(Converted.self, from: Data(outcome.output.utf8))
      let level = try await scratch.level(scratch.path("sound.mp3"))
      #expect(abs(level.integrated - target) < 0.7, "\(level)")
      #expect(abs(try #require(told.loudness) - level.integrated) < 0.2, "\(told)")
      // What was encoded keeps under -1 dBTP; a lossy codec may add some.
      #expect(level.truePeak < 0, "\(level)")
      #expect(try await scratch.decodedSamples(scratch.path("sound.mp3")) == scratch.decodedSamples(wave))
    }
  }

  @Test func whatCannotBeMadeSoLoudIsSaid() async throws {
    try await withScratch { scratch in
      let clicks = "aevalsrc=0.9*exp(-400*mod(t\\,1))*sin(2*PI*900*t):s=44100:d=10"
      let wave = scratch.path("clicks.wav")
      try await scratch.run("ffmpeg", ["-nostdin", "-v", "error", "-f", "lavfi", "-i", clicks, wave])
      let outcome = try await scratch.mp3spool("convert", wave, "--loudness=-10")
      #expect(outcome.errors.contains(/warning: its loudness is -[0-9.]+ LUFS instead of -10.0/), "\(outcome.errors)")
    }
  }

  @Test func silenceHasNoLoudnessAndStaysSilent() async throws {
    try await withScratch { scratch in
      let file = try scratch.longSilence("silence.wav", minutes: 1)
      let outcome = try await scratch.mp3spool("convert", file, "--loudness", "-16", "--json")
      #expect(try JSONDecoder().decode(Converted.self, from: Data(outcome.output.utf8)).loudness == nil)
      #expect(try await scratch.decodedSamples(scratch.path("silence.mp3")) == 60 * 44100)
    }
  }

  @Test func everyTrackBecomesAnMP3OfItsOwn() async throws {
    try await withScratch { scratch in
      let movie = try await scratch.threeTracks("movie.mkv")
      let outcome = try await scratch.mp3spool("convert", movie, "--track", "all", "--json")
      let told = try outcome.output.split(separator: "\n").map {
        try JSONDecoder().decode(Converted.self, from: Data($0.utf8))
      }
      let names = ["movie.1.eng.mp3", "movie.2.deu.mp3", "movie.3.mp3"]
      #expect(told.map(\.output) == names.map(scratch.path))
      #expect(told.map(\.track) == [1, 2, 3])
      #expect(told.map(\.language) == ["eng", "deu", nil])
      for (name, seconds) in zip(names, [1, 2, 3]) {
        #expect(abs(try await scratch.decodedSamples(scratch.path(name)) - seconds * 44100) < 1200, "\(name)")
      }
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: scratch.directory.path).allSatisfy { !$0.contains("part") })
    }
  }

  /// One of the tracks is in a codec that nobody decodes: the others are not lost for it.
  @Test func trackThatCannotBeConvertedIsLeftOutWithAWarning() async throws {
    try await withScratch { scratch in
      let movie = try await scratch.threeTracks("movie.mkv")
      // The name of the second track's codec, as Matroska has it.
      var bytes = try #require(FileManager.default.contents(atPath: movie))
      let names = bytes.ranges(of: Data("A_VORBIS".utf8))
      bytes.replaceSubrange(try #require(names.first), with: Data("A_NOBODY".utf8))
      let broken = try scratch.write("broken.mkv", bytes)
      let outcome = try await scratch.mp3spool("convert", broken, "--track", "all")
      #expect(outcome.errors.contains("track 2 is left out"), "\(outcome.errors)")
      let made = try FileManager.default.contentsOfDirectory(atPath: scratch.directory.path).filter {
        $0.hasPrefix("broken.")
      }
      #expect(Set(made) == ["broken.mkv", "broken.1.eng.mp3", "broken.3.mp3"])
    }
  }

  @Test func everyTrackOfAJobCanBeDownloaded() async throws {
    try await withService { service in
      let scratch = service.scratch
      let fid = try await service.upload(try await scratch.threeTracks("movie.mkv"), "-F", "track=all")
      let job = try await service.ended(fid)
      let result = try #require(job.result)
      #expect([result.track] + (result.otherTracks ?? []).map(\.track) == [1, 2, 3])
      for (track, name, seconds) in [
        ("", "movie.1.eng.mp3", 1), ("&track=2", "movie.2.deu.mp3", 2), ("&track=3", "movie.3.mp3", 3),
      ] {
        let download = try await service.request("/download?fid=\(fid)\(track)")
        #expect(download.status == 200)
        #expect(download.headers["content-disposition"]?.contains(name) == true)
        let mp3 = try scratch.write("downloaded.mp3", download.body)
        #expect(abs(try await scratch.decodedSamples(mp3) - seconds * 44100) < 1200)
      }
      #expect(try await service.request("/download?fid=\(fid)&track=4").status == 404)
      try await scratch.mp3spool("check")
      #expect(try await service.request("/jobs/\(fid)", "-X", "DELETE").status == 204)
      #expect(scratch.names("done").isEmpty)
    }
  }
}

/// What `convert --json` says.
private struct Converted: Decodable {
  let output: String
  let track: Int
  let language: String?
  let loudness: Double?
}

extension Scratch {
  /// Three tracks of 1, 2 and 3 seconds in English, German and no language; the second one is Vorbis.
  fileprivate func threeTracks(_ name: String) async throws -> String {
    let inputs = (1...3).flatMap { ["-f", "lavfi", "-i", "sine=\($0 * 300):duration=\($0):sample_rate=44100"] }
    try await run(
      "ffmpeg",
      ["-nostdin", "-v", "error", "-y"] + inputs + [
        "-map", "0", "-map", "1", "-map", "2", "-c:a", "flac", "-c:a:1", "libvorbis", "-metadata:s:a:0",
        "language=eng", "-metadata:s:a:1", "language=deu", path(name),
      ])
    return path(name)
  }

  /// What ffmpeg's meter says of a file: loudness in LUFS and true peak in dBTP.
  fileprivate func level(_ file: String) async throws -> (integrated: Double, truePeak: Double) {
    let outcome = try await tool(
      "ffmpeg", ["-nostdin", "-hide_banner", "-i", file, "-af", "ebur128=peak=true", "-f", "null", "-"])
    let summary = try #require(outcome.errors.components(separatedBy: "Summary:").last)
    let integrated = try #require(summary.firstMatch(of: /I: +(-?[0-9.]+) LUFS/))
    let peak = try #require(summary.firstMatch(of: /Peak: +(-?[0-9.]+) dBFS/))
    return (try #require(Double(integrated.1)), try #require(Double(peak.1)))
  }
}
