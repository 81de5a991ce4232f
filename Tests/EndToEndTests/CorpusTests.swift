import Foundation
import Testing

/// Real files that others made, with what must become of each. They are not part of this repository:
/// MP3SPOOL_TEST_CORPUS names their folder, or it stands beside the checkout as `shared/corpus`.
struct CorpusFile: Sendable, CustomTestStringConvertible {
  let name: String
  let expected: String
  /// As libavformat calls it; `(none)` for what is no media.
  let container: String
  let seconds: Double

  var path: String { "\(Self.folder)/\(name)" }
  var testDescription: String { name }

  static let folder =
    ProcessInfo.processInfo.environment["MP3SPOOL_TEST_CORPUS"]
    ?? URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../shared/corpus").standardized.path

  static let all: [CorpusFile] = {
    let table = (try? String(contentsOfFile: "\(folder)/MANIFEST.tsv", encoding: .utf8)) ?? ""
    let rows = table.split(separator: "\n").map {
      $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }
    guard let head = rows.first, let expected = head.firstIndex(of: "expect"),
      let container = head.firstIndex(of: "container"), let seconds = head.firstIndex(of: "decoded_s")
    else { return [] }
    return rows.dropFirst().map {
      CorpusFile(
        name: $0[0], expected: $0[expected], container: $0[container], seconds: Double($0[seconds]) ?? 0)
    }
  }()

  /// By how many seconds the audio begins after the video: the empty edit at the start of the track's edit list. The MP3
  /// begins with that much silence, since a late start is kept; ffmpeg, whose lengths are in the table, leaves it out.
  private static let lateStarts = [
    "mov-h264-pcm_s16be-editlist2.mov": 0.067, "mp4-mdat-box-too-long.mp4": 0.067,
    "mp4-late-audio-1.1s-editlist.mp4": 1.148,
  ]

  var lateStart: Double { Self.lateStarts[name] ?? 0 }
}

@Suite(.enabled(if: !CorpusFile.all.isEmpty, "there is no folder with MANIFEST.tsv"))
struct CorpusTests {
  @Test(arguments: CorpusFile.all.filter { $0.expected == "convert" })
  func fileThatCanBeConvertedGivesAnMP3OfItsLength(_ file: CorpusFile) async throws {
    try await withScratch { scratch in
      let mp3 = scratch.path("out.mp3")
      try await scratch.mp3spool("convert", file.path, mp3)
      let rate = try #require(Double(try await scratch.probe(mp3).streams[0].sampleRate))
      let seconds = Double(try await scratch.decodedSamples(mp3)) / rate
      let expected = file.seconds + file.lateStart
      #expect(abs(seconds - expected) <= 0.05, "\(seconds) s where \(expected) s are expected")
    }
  }

  @Test(arguments: CorpusFile.all.filter { $0.expected == "refuse" })
  func fileThatCannotBeConvertedIsRefusedWithASentence(_ file: CorpusFile) async throws {
    try await withScratch { scratch in
      let outcome = try await scratch.mp3spool("convert", file.path, scratch.path("out.mp3"), status: 65)
      #expect(outcome.errors.hasPrefix("mp3spool: "))
      #expect(outcome.errors.split(separator: "\n").count == 1)
      #expect(!FileManager.default.fileExists(atPath: scratch.path("out.mp3")))
    }
  }

  @Test(arguments: CorpusFile.all.filter { $0.expected == "either" })
  func strangeFileIsConvertedOrRefused(_ file: CorpusFile) async throws {
    try await withScratch { scratch in
      let outcome = try await scratch.mp3spool("convert", file.path, scratch.path("out.mp3"), status: nil)
      #expect([0, 65].contains(outcome.status), "\(outcome)")
    }
  }
}
