import Foundation
import Testing

/// Files that are broken, lie or change: `convert` says a sentence and the right exit code, or makes the best of them.
@Suite struct BadFileTests {
  private func little(_ number: Int, _ bytes: Int) -> [UInt8] { (0..<bytes).map { UInt8(number >> ($0 * 8) & 0xFF) } }

  /// A WAV file of 32-bit floats.
  private func wave(rate: Int = 44100, channels: Int = 1, _ samples: [Float]) -> [UInt8] {
    var bytes = Array("RIFF".utf8) + little(samples.count * 4 + 36, 4) + Array("WAVEfmt ".utf8) + little(16, 4)
    bytes += little(3, 2) + little(channels, 2) + little(rate, 4) + little(rate * channels * 4, 4)
    bytes += little(channels * 4, 2) + little(32, 2) + Array("data".utf8) + little(samples.count * 4, 4)
    return bytes + samples.flatMap { little(Int($0.bitPattern), 4) }
  }

  private func expectRefusal(_ file: String, _ words: String, in scratch: Scratch) async throws {
    let outcome = try await scratch.mp3spool("convert", file, scratch.path("out.mp3"), status: 65)
    #expect(outcome.errors.hasPrefix("mp3spool: "))
    #expect(outcome.errors.contains(words), "\(outcome.errors)")
    #expect(outcome.errors.split(separator: "\n").count == 1)
    #expect(!FileManager.default.fileExists(atPath: scratch.path("out.mp3")))
  }

  @Test func audioOfNoSamplesIsRefused() async throws {
    try await withScratch { scratch in
      try await expectRefusal(try scratch.write("none.wav", wave([])), "nothing that can be decoded", in: scratch)
    }
  }

  @Test func manyTracksAreConvertedUpToTheLimit() async throws {
    try await withScratch { scratch in
      let sound = try await scratch.sound("sound.wav", seconds: 1)
      for (count, isTaken) in [(64, true), (65, false)] {
        let file = scratch.path("\(count).mkv")
        let maps = (0..<count).flatMap { _ in ["-map", "0"] }
        try await scratch.run("ffmpeg", ["-nostdin", "-v", "error", "-i", sound] + maps + ["-c", "copy", file])
        if isTaken {
          try await scratch.mp3spool("convert", file, "--track", "64")
        } else {
          try await expectRefusal(file, "more streams than a job may have", in: scratch)
        }
      }
    }
  }

  @Test func soundOfOneHertzIsConvertedOrRefused() async throws {
    try await withScratch { scratch in
      let file = try scratch.write("slow.wav", wave(rate: 1, [0, 0.5, -0.5, 0]))
      let outcome = try await scratch.mp3spool("convert", file, status: nil)
      #expect([0, 65].contains(outcome.status), "\(outcome)")
      if outcome.status == 0 {
        let samples = try await scratch.decodedSamples(scratch.path("slow.mp3"))
        #expect(samples == 4 * 8000, "4 s at the lowest rate that MP3 has")
      }
    }
  }

  @Test func channelsThatNobodyCanMixAreRefused() async throws {
    try await withScratch { scratch in
      let file = try scratch.write("many.wav", wave(channels: 255, [Float](repeating: 0.1, count: 255 * 4410)))
      try await expectRefusal(file, "255 channels, more than can be mixed", in: scratch)
    }
  }

  @Test func whatIsNoNumberBecomesSoundAllTheSame() async throws {
    try await withScratch { scratch in
      let strange: [Float] = [.nan, .infinity, -.infinity, 1e38, -1e38, 0.5]
      let file = try scratch.write("strange.wav", wave((0..<44100).map { strange[$0 % strange.count] }))
      for options in [[], ["--loudness", "-16"], ["--channels", "auto"]] {
        let outcome = try await scratch.start(["convert", file] + options).outcome()
        #expect(outcome.status == 0, "\(options): \(outcome)")
        #expect(try await scratch.decodedSamples(scratch.path("strange.mp3")) == 44100)
      }
    }
  }

  @Test func declaredDurationIsNotBelieved() async throws {
    try await withScratch { scratch in
      var bytes = try #require(FileManager.default.contents(atPath: try await scratch.sound("a.m4a", seconds: 2)))
      // ISO 14496-12, 8.2.2 and 8.4.2: behind the name come version and flags, two dates, time scale and duration.
      for name in ["mvhd", "mdhd"] {
        let box = try #require(bytes.range(of: Data(name.utf8)))
        bytes.replaceSubrange(box.upperBound + 16..<box.upperBound + 20, with: [0x3B, 0x9A, 0xCA, 0x00])
        if name == "mvhd" { bytes.replaceSubrange(box.upperBound + 12..<box.upperBound + 16, with: [0, 0, 0, 1]) }
      }
      let file = try scratch.write("long.m4a", bytes)
      try await scratch.mp3spool("convert", file)
      #expect(abs(try await scratch.decodedSamples(scratch.path("long.mp3")) - 88_200) < 2048)
    }
  }

  @Test func encryptedTrackIsRefused() async throws {
    try await withScratch { scratch in
      let file = scratch.path("secret.mp4")
      let sound = try await scratch.sound("sound.wav", seconds: 1)
      let key = ["-encryption_scheme", "cenc-aes-ctr", "-encryption_key", String(repeating: "0a", count: 16)]
      try await scratch.run(
        "ffmpeg",
        ["-nostdin", "-v", "error", "-i", sound, "-c:a", "aac"] + key + [
          "-encryption_kid", String(repeating: "0b", count: 16), file,
        ])
      try await expectRefusal(file, "encrypted", in: scratch)
    }
  }

  /// Whatever is there when the decoder comes to it is converted; the rest was never said to be there.
  @Test(arguments: [(-15, false), (10, true)])
  func fileThatChangesWhileItIsReadGivesAWholeMP3(minutes: Int, grows: Bool) async throws {
    try await withScratch { scratch in
      let file = try scratch.longSilence("long.wav", minutes: 20)
      let command = try scratch.start(["convert", file, "--threads", "1"])
      try await eventually("a partial file") {
        try FileManager.default.contentsOfDirectory(atPath: scratch.directory.path).contains { $0.hasSuffix(".part") }
      }
      let size = (20 + minutes) * 60 * 44100 * 4
      try await scratch.run("truncate", ["-s", "\(size)", file])
      let outcome = await command.outcome()
      #expect(outcome.status == 0, "\(outcome)")
      let samples = try await scratch.decodedSamples(scratch.path("long.mp3"))
      #expect(grows ? samples == 20 * 60 * 44100 : samples < 20 * 60 * 44100)
      #expect(samples > 4 * 60 * 44100)
    }
  }
}
