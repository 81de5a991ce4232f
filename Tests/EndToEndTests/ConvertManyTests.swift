import Foundation
import Glibc
import Testing

/// `convert` of several files, of folders, and of streams.
@Suite struct ConvertManyTests {
  private struct Line: Decodable {
    let input: String?
    let state: String?
    let output: String?
    let exitCode: Int?
    let files: Int?
    let done: Int?
    let skipped: Int?
    let failed: Int?
    let tracks: Int?
  }

  private func lines(_ outcome: Outcome) throws -> [Line] {
    try outcome.lines.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
  }

  private func names(_ scratch: Scratch, _ folder: String = "") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: scratch.path(folder)).sorted()
  }

  private func makeFolder(_ scratch: Scratch, _ name: String) throws {
    try FileManager.default.createDirectory(atPath: scratch.path(name), withIntermediateDirectories: true)
  }

  @Test func oneBadFileDoesNotKeepTheOthersFromTheirTurn() async throws {
    try await withScratch { scratch in
      let first = try await scratch.sound("a.wav", seconds: 0.5)
      let broken = try scratch.write("b.mov", "no movie".utf8)
      let last = try await scratch.sound("c.flac", seconds: 0.5)
      let outcome = try await scratch.mp3spool("convert", first, broken, scratch.path("no.mkv"), last, status: 65)
      #expect(outcome.output.isEmpty)
      #expect(outcome.errors.contains("b.mov"))
      #expect(outcome.errors.contains("no.mkv"))
      #expect(outcome.errors.contains("4 files: 2 converted, 2 failed"))
      #expect(!outcome.errors.contains("\r"))
      #expect(try names(scratch).filter { $0.hasSuffix(".mp3") } == ["a.mp3", "c.mp3"])
    }
  }

  @Test func foldersNeedTheirFlagAndKeepTheirShape() async throws {
    try await withScratch { scratch in
      try makeFolder(scratch, "in/day 1")
      try makeFolder(scratch, "in/.hidden")
      let tone = try await scratch.sound("in/a.wav", seconds: 0.5)
      for copy in ["in/day 1/B.WAV", "in/.hidden/c.wav", "in/.d.wav", "in/notes.txt", "in/e.mp3", "elsewhere.wav"] {
        try FileManager.default.copyItem(atPath: tone, toPath: scratch.path(copy))
      }
      try FileManager.default.createSymbolicLink(
        atPath: scratch.path("in/link.wav"), withDestinationPath: scratch.path("elsewhere.wav"))
      try FileManager.default.createSymbolicLink(
        atPath: scratch.path("in/loop"), withDestinationPath: scratch.path("in"))
      let refusal = try await scratch.mp3spool("convert", scratch.path("in"), status: 64)
      #expect(refusal.errors.contains("give -r"))
      try await scratch.mp3spool("convert", "-r", scratch.path("in"), "--output-dir", scratch.path("out"))
      #expect(try names(scratch, "out") == ["a.mp3", "day 1"])
      #expect(try names(scratch, "out/day 1") == ["B.mp3"])
      try makeFolder(scratch, "empty")
      let nothing = try await scratch.mp3spool("convert", "-r", scratch.path("empty"), status: 65)
      #expect(nothing.errors.contains("no media files"))
    }
  }

  @Test func whatIsThereIsKeptUnlessThePersonSaysElse() async throws {
    try await withScratch { scratch in
      let files = [try await scratch.sound("a.wav", seconds: 0.5), try await scratch.sound("b.wav", seconds: 0.5)]
      let old = try scratch.write("a.mp3", "older".utf8)
      func convert(_ policy: String..., status: Int32) async throws -> [Line] {
        let outcome = try await scratch.start(["convert", "--json"] + files + policy).outcome()
        #expect(outcome.status == status, "\(outcome)")
        return try lines(outcome)
      }
      let refused = try await convert(status: 64)
      #expect(refused.map(\.state) == ["failed", "done", nil])
      #expect((refused[2].done, refused[2].failed, refused[2].exitCode) == (1, 1, 64))
      let skipped = try await convert("--on-exists", "skip", status: 0)
      #expect(skipped.map(\.state) == ["skipped", "skipped", nil])
      let renamed = try await convert("--on-exists", "rename", status: 0)
      #expect(renamed.compactMap(\.output) == [scratch.path("a (2).mp3"), scratch.path("b (2).mp3")])
      #expect(FileManager.default.contents(atPath: old) == Data("older".utf8))
      _ = try await convert("--on-exists", "replace", status: 0)
      #expect(try await scratch.probe(old).streams.count == 1)
    }
  }

  @Test func twoFilesNeverShareAnMP3() async throws {
    try await withScratch { scratch in
      let wave = try await scratch.sound("a.wav", seconds: 0.5)
      let flac = try await scratch.sound("a.flac", seconds: 1)
      let outcome = try await scratch.mp3spool("convert", wave, flac, "--on-exists", "replace", status: 64)
      #expect(outcome.errors.contains("another file of this command"))
      #expect(try await scratch.decodedSamples(scratch.path("a.mp3")) == 22050)
      try await scratch.mp3spool("convert", wave, flac, "--on-exists", "rename")
      #expect(try names(scratch).filter { $0.hasSuffix(".mp3") } == ["a (2).mp3", "a (3).mp3", "a.mp3"])
    }
  }

  @Test func rehearsalSaysAllAndDoesNothing() async throws {
    try await withScratch { scratch in
      let wave = try await scratch.sound("a.wav", seconds: 0.5)
      let other = try await scratch.video("b.mp4", seconds: 61)
      try scratch.write("a.mp3", "older".utf8)
      let before = try names(scratch)
      let outcome = try await scratch.mp3spool(
        "convert", wave, other, "-n", "--on-exists", "skip", "--preset", "cbr-128")
      #expect(outcome.lines.count == 2)
      #expect(outcome.lines[0].contains("skipped"))
      for word in ["b.mp3", "aac", "track 1 of 1", "1:01", "44100 Hz", "stereo", "cbr-128"] {
        #expect(outcome.lines[1].contains(word), "\(word) in \(outcome)")
      }
      let json = try lines(try await scratch.mp3spool("convert", other, "--dry-run", "--json"))
      #expect((json[0].state, json[0].output, json[0].tracks) == ("planned", scratch.path("b.mp3"), 1))
      #expect(try names(scratch) == before)
    }
  }

  @Test func streamsComeAndGo() async throws {
    try await withScratch { scratch in
      let movie = try await scratch.video("a.mp4", seconds: 1)
      let shell = #"cat "$1" | "$0" convert - | cat > "$2" && "$0" convert "$1" - > "$3""#
      let outputs = ["stream.mp3", "one.mp3"].map(scratch.path)
      try await scratch.run("bash", ["-c", "set -o pipefail; " + shell, Program.path, movie] + outputs)
      try await scratch.mp3spool("convert", movie)
      let whole = FileManager.default.contents(atPath: scratch.path("a.mp3"))
      #expect(whole != nil)
      for output in outputs { #expect(FileManager.default.contents(atPath: output) == whole, "\(output)") }
      let empty = try await scratch.mp3spool("convert", "-", status: 65)
      #expect(empty.errors.contains("standard input is empty"))
      try await scratch.mp3spool("convert", movie, "-", "--json", status: 64)
      try await scratch.mp3spool("convert", movie, "-", movie, status: 64)
    }
  }

  @Test(arguments: [SIGINT, SIGTERM])
  func interruptionOfManyLeavesWhatIsWhole(signal: Int32) async throws {
    try await withScratch { scratch in
      let short = try await scratch.sound("a.wav", seconds: 0.5)
      let long = try scratch.longSilence("b.wav", minutes: 120)
      let next = try await scratch.sound("c.wav", seconds: 0.5)
      let command = try scratch.start(["convert", short, long, next, "--threads", "1"])
      try await eventually("a partial file") { try names(scratch).contains { $0.hasPrefix(".b") } }
      command.send(signal)
      let outcome = await command.outcome()
      #expect(outcome.status == 128 + signal, "\(outcome)")
      #expect(outcome.errors.contains("interrupted"))
      #expect(try names(scratch).filter { $0.contains("mp3") } == ["a.mp3"])
    }
  }

  @Test func terminalShowsABarForEachFileAndOneForAll() async throws {
    try await withScratch { scratch in
      let files = try ["one.wav", "two.wav"].map { try scratch.longSilence($0, minutes: 2) }
      let words = files.map { "'\($0)'" }.joined(separator: " ")
      let shown = try await scratch.run(
        "script", ["-qec", "stty cols 80; '\(Program.path)' convert \(words)", scratch.path("typescript")])
      for text in ["\rone.wav [", "\rtwo.wav [", "\rall [", "file 1 of 2", "file 2 of 2"] {
        #expect(shown.contains(text), "\(text) in \(shown)")
      }
      #expect(shown.hasSuffix("2 files: 2 converted, in 0:00\r\n") || shown.contains("2 files: 2 converted, in "))
    }
  }
}

/// What people meet with at a terminal, whatever the command.
@Suite struct MannersTests {
  @Test(arguments: [
    (["conver", "a.mov"], "convert"), (["user", "ad", "a@example.com"], "add"),
    (["jobs", "--stat", "done"], "--state"),
    (["convert", "a.mov", "--preset", "crb-128"], "cbr-128"), (["convert", "a.mov", "--channels", "mno"], "mono"),
    (["jobz"], "jobs"),
  ])
  func misspeltWordIsGuessed(arguments: [String], meant: String) async throws {
    try await withScratch { scratch in
      let outcome = try await scratch.start(arguments).outcome()
      #expect(outcome.status == 64)
      #expect(outcome.errors.contains("Did you mean"), "\(outcome)")
      #expect(outcome.errors.contains(meant), "\(outcome)")
    }
  }

  @Test func misspeltSettingIsGuessed() async throws {
    try await withScratch { scratch in
      let outcome = try await scratch.mp3spool("jobs", settings: ["MP3SPOOL_LISTN": "x"], status: 64)
      #expect(outcome.errors.contains("Did you mean “MP3SPOOL_LISTEN”?"), "\(outcome)")
      try scratch.write("settings.yaml", "loglevel: info\n".utf8)
      let file = try await scratch.mp3spool("jobs", "--config", scratch.path("settings.yaml"), status: 64)
      #expect(file.errors.contains("Did you mean “log-level”?"), "\(file)")
    }
  }

  /// Of a reader that has seen enough nobody says a word, whether the signal is there or ignored.
  @Test(arguments: ["", "trap '' PIPE; "])
  func closedPipeIsSilent(prelude: String) async throws {
    try await withScratch { scratch in
      try await scratch.makeSpool()
      let script = prelude + #"exec 3> >(exec true); sleep 0.2; "$0" health --spool "$1" >&3"#
      let outcome = try await scratch.tool("bash", ["-c", script, Program.path, scratch.spool.path])
      #expect(outcome.status == 128 + SIGPIPE, "\(outcome)")
      #expect(outcome.errors.isEmpty, "\(outcome)")
    }
  }

  /// Other programs take the output's name by -o.
  @Test func theNameOfAnMP3IsNoFolder() async throws {
    try await withScratch { scratch in
      let file = try await scratch.sound("talk.wav", seconds: 1)
      let refused = try await scratch.mp3spool("convert", file, "-o", scratch.path("out.mp3"), status: 64)
      #expect(refused.errors.contains("mp3spool convert talk.mov out.mp3") && refused.output.isEmpty, "\(refused)")
      #expect(!FileManager.default.fileExists(atPath: scratch.path("out.mp3")))
      // Unless there is one of that name.
      try FileManager.default.createDirectory(atPath: scratch.path("out.mp3"), withIntermediateDirectories: false)
      try await scratch.mp3spool("convert", file, "-o", scratch.path("out.mp3"))
      #expect(FileManager.default.fileExists(atPath: scratch.path("out.mp3/talk.mp3")))
    }
  }

  @Test(arguments: [([:], true), (["NO_COLOR": "1"], false), (["TERM": "dumb"], false)])
  func coloursAreForTerminals(settings: [String: String], coloured: Bool) async throws {
    try await withScratch { scratch in
      try await scratch.makeSpool()
      let words = settings.map { "\($0.key)=\($0.value)" } + ["MP3SPOOL_SPOOL='\(scratch.spool.path)'"]
      let command = (["env"] + words + ["'\(Program.path)'", "show", "x"]).joined(separator: " ")
      let shown = try await scratch.tool("script", ["-qec", command, scratch.path("typescript")])
      #expect(shown.output.contains("\u{1B}[31m") == coloured, "\(shown)")
      #expect(shown.output.contains("'x' is not a fid"))
      let plain = try await scratch.mp3spool("show", "x", status: 64)
      #expect(!plain.errors.contains("\u{1B}"))
    }
  }
}
