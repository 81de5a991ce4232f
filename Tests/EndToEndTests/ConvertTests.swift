import Foundation
import Glibc
import Testing

@Suite struct ConvertTests {
  @Test func movieBecomesAnMP3BesideIt() async throws {
    try await withScratch { scratch in
      let movie = try await scratch.video(
        "video.mov", seconds: 3, "-metadata", "title=Tü: a title", "-metadata", "artist=An artist", "-metadata",
        "album=An album", "-metadata", "date=2021")
      let outcome = try await scratch.mp3spool("convert", movie)
      #expect(outcome.output.isEmpty)
      #expect(!outcome.errors.contains("\r"), "no bar without a terminal")
      let mp3 = scratch.path("video.mp3")
      let probe = try await scratch.probe(mp3)
      let tags = probe.format.tags ?? [:]
      #expect(tags["title"] == "Tü: a title")
      #expect(tags["artist"] == "An artist")
      #expect(tags["album"] == "An album")
      #expect(tags["date"] == "2021")
      let source = try await scratch.decodedSamples(movie)
      #expect(abs(try await scratch.decodedSamples(mp3) - source) <= 1152)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: scratch.directory.path).allSatisfy { !$0.contains("part") })
    }
  }

  /// These containers say exactly how many samples there are, so exactly so many come out.
  @Test(arguments: [
    ("a.wav", 44100, ["-c:a", "pcm_s16le"]), ("b.wav", 8000, ["-c:a", "pcm_f32le"]), ("c.flac", 48000, []),
    ("d.flac", 22050, ["-ac", "1"]), ("e.aiff", 32000, []), ("f.m4a", 44100, ["-c:a", "alac"]),
    ("g.mkv", 44100, ["-c:a", "alac"]), ("h.mkv", 48000, ["-c:a", "flac"]),
    ("i.mp4", 48000, ["-c:a", "flac", "-strict", "-2"]),
    ("j.mov", 44100, ["-c:a", "pcm_s16le"]), ("k.mkv", 32000, ["-c:a", "pcm_s24le"]),
  ])
  func lengthIsExactToTheSample(name: String, rate: Int, words: [String]) async throws {
    try await withScratch { scratch in
      let lavfi = "aevalsrc=0.5*sin(2*PI*440*t)|0.5*sin(2*PI*330*t):s=\(rate):d=3.0071"
      let file = scratch.path(name)
      try await scratch.run("ffmpeg", ["-nostdin", "-v", "error", "-f", "lavfi", "-i", lavfi] + words + [file])
      for preset in ["v2", "cbr-128"] {
        let mp3 = scratch.path("\(preset).mp3")
        try await scratch.mp3spool("convert", file, mp3, "--preset", preset)
        #expect(try await scratch.decodedSamples(mp3) == scratch.decodedSamples(file), "\(preset)")
      }
    }
  }

  @Test func presetsTracksAndChannelsAreChosen() async throws {
    try await withScratch { scratch in
      let file = scratch.path("two.mkv")
      try await scratch.run(
        "ffmpeg",
        [
          "-nostdin", "-v", "error", "-f", "lavfi", "-i", "sine=440:duration=2:sample_rate=48000", "-f", "lavfi", "-i",
          "sine=880:duration=1:sample_rate=44100", "-map", "0", "-map", "1", "-metadata:s:a:0", "language=eng",
          "-metadata:s:a:1", "language=deu", file,
        ])
      let cases: [(arguments: [String], rate: String, seconds: Double)] = [
        ([], "48000", 2), (["--track", "2"], "44100", 1), (["--language", "deu"], "44100", 1),
        (["--preset", "cbr-128"], "48000", 2), (["--rate", "16000", "--preset", "voice"], "16000", 2),
      ]
      for (number, item) in cases.enumerated() {
        let mp3 = scratch.path("\(number).mp3")
        let outcome = try await scratch.start(["convert", file, mp3] + item.arguments).outcome()
        #expect(outcome.status == 0, "\(item.arguments): \(outcome)")
        #expect(try await scratch.probe(mp3).streams[0].sampleRate == item.rate, "\(item.arguments)")
        let seconds = Double(try await scratch.decodedSamples(mp3)) / (Double(item.rate) ?? 1)
        #expect(abs(seconds - item.seconds) < 0.03, "\(item.arguments): \(seconds)")
      }
    }
  }

  @Test func resultIsWrittenAsJSON() async throws {
    struct Report: Decodable {
      let output: String
      let duration: Double
      let bytes: Int
      let sampleRate: Int
      let channels: Int
    }
    try await withScratch { scratch in
      let file = try await scratch.sound("tone.wav", seconds: 1)
      let outcome = try await scratch.mp3spool("convert", file, "--json")
      let report = try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
      #expect(report.output == scratch.path("tone.mp3"))
      #expect(report.duration == 1)
      #expect(report.bytes == FileManager.default.contents(atPath: report.output)?.count)
      #expect((report.sampleRate, report.channels) == (44100, 2))
    }
  }

  @Test func outputDoesNotDependOnTheNumberOfThreads() async throws {
    try await withScratch { scratch in
      let file = try await scratch.sound("tone.flac", seconds: 60)
      for threads in ["1", "2", "5"] {
        try await scratch.mp3spool("convert", file, scratch.path("\(threads).mp3"), "--threads", threads)
      }
      let hashes = try await scratch.run("sha256sum", ["1", "2", "5"].map { scratch.path("\($0).mp3") })
      #expect(Set(hashes.split(separator: "\n").map { $0.prefix(64) }).count == 1)
    }
  }

  @Test func interruptedConversionLeavesNoFile() async throws {
    try await withScratch { scratch in
      let file = try scratch.longSilence("long.wav", minutes: 120)
      let files = { try FileManager.default.contentsOfDirectory(atPath: scratch.directory.path).sorted() }
      let before = try files()
      for signal in [SIGINT, SIGTERM] {
        let command = try scratch.start(["convert", file, "--threads", "1"])
        try await eventually("a partial file") { try files() != before }
        command.send(signal)
        let outcome = await command.outcome()
        #expect(outcome.status != 0, "\(outcome)")
        #expect(try files() == before)
      }
    }
  }

  @Test func earlierMP3IsReplacedOnlyByAWholeOne() async throws {
    try await withScratch { scratch in
      let old = try scratch.write("video.mp3", "an older file".utf8)
      let broken = try scratch.write("video.mov", "no movie".utf8)
      try await scratch.mp3spool("convert", broken, status: 65)
      #expect(FileManager.default.contents(atPath: old) == Data("an older file".utf8))
      try await scratch.mp3spool("convert", try await scratch.video("video.mov"))
      #expect(try await scratch.probe(old).streams.count == 1)
    }
  }

  @Test func exitCodesTellUsageFromBadInput() async throws {
    try await withScratch { scratch in
      let text = try scratch.write("letter.txt", "Dear Sir or Madam,".utf8)
      let video = try await scratch.video("clip.mp4", seconds: 0.5)
      let cases: [(arguments: [String], status: Int32, word: String)] = [
        (["convert"], 64, "input"), (["convert", video, "--preset", "loud"], 64, "preset"),
        (["convert", video, "--threads", "0"], 64, "encoder-threads"), (["convert", video, video], 64, "input itself"),
        (["convert", video, "--track", "7"], 65, "track"), (["convert", text], 65, "media"),
        (["convert", try scratch.write("empty.mp4", [])], 65, "empty"),
        (["convert", try await scratch.silentVideo("silent.mp4")], 65, "audio"),
        (["convert", scratch.path("nowhere.mp4")], 69, "nowhere.mp4"),
        (["convert", video, scratch.path("no/such/folder.mp3")], 69, "folder.mp3"), (["nonsense"], 64, "nonsense"),
      ]
      for (arguments, status, word) in cases {
        let outcome = try await scratch.start(arguments).outcome()
        #expect(outcome.status == status, "\(arguments): \(outcome)")
        #expect(outcome.errors.contains(word), "\(arguments): \(outcome)")
        #expect(outcome.output.isEmpty, "\(arguments): \(outcome)")
      }
    }
  }

  @Test func terminalShowsABar() async throws {
    try await withScratch { scratch in
      let file = try scratch.longSilence("long.wav", minutes: 2)
      // script(1) gives its child a terminal.
      let shown = try await scratch.run(
        "script", ["-qec", "stty cols 100; '\(Program.path)' convert '\(file)'", scratch.path("typescript")])
      #expect(shown.contains("\rlong.wav ["))
      #expect(shown.contains(/\[#+-*\] +\d+ %/))
      #expect(shown.hasSuffix("kbit/s\r\n"))
    }
  }
}
