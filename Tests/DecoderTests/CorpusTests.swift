import Foundation
import Testing

@testable import Decoder

/// Real files that others made, with what must become of each. They are not part of this repository: `MP3SPOOL_TEST_CORPUS`
/// names their folder, or it stands beside the checkout as `shared/corpus`.
enum Corpus {
  struct File: Sendable, CustomTestStringConvertible {
    let path: String
    let expected: String
    let seconds: Double?

    var testDescription: String { path.split(separator: "/").last.map(String.init) ?? path }
  }

  static let folder = ProcessInfo.processInfo.environment["MP3SPOOL_TEST_CORPUS"] ?? besideTheCheckout

  private static var besideTheCheckout: String {
    URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../shared/corpus").standardized.path
  }

  static let files: [File] = {
    let table = (try? String(contentsOfFile: "\(folder)/MANIFEST.tsv", encoding: .utf8)) ?? ""
    let rows = table.split(separator: "\n").map {
      $0.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
    }
    guard let head = rows.first, let expected = head.firstIndex(of: "expect"),
      let seconds = head.firstIndex(of: "decoded_s")
    else { return [] }
    return rows.dropFirst().map { row in
      File(path: "\(folder)/\(row[0])", expected: row[expected], seconds: Double(row[seconds]))
    }
  }()
}

@Suite(.enabled(if: !Corpus.files.isEmpty)) struct CorpusTests {
  private static let decoder = Result { try Decoder.underTest() }

  /// The silence before a late start comes to what ffmpeg decodes, which knows no late start: that is so for the audio
  /// that begins 1.15 s, 67 ms (twice) and 32 ms after the video or another track.
  @Test(arguments: Corpus.files.filter { $0.expected == "convert" })
  func fileThatCanBeConvertedHasItsLength(_ file: Corpus.File) throws {
    let decoded = try Self.decoder.get().decode(file.path)
    let seconds = Double(decoded.left.count) / Double(decoded.source.sampleRate)
    let expected = try #require(file.seconds) + decoded.source.startOffset.inSeconds
    #expect(abs(seconds - expected) <= 0.05)
    #expect(decoded.source.channels == 1 || decoded.right.count == decoded.left.count)
  }

  @Test(arguments: Corpus.files.filter { $0.expected == "refuse" })
  func fileThatCannotBeConvertedIsRefusedForGood(_ file: Corpus.File) throws {
    let failure = try #require(try Self.decoder.get().failure(file.path))
    #expect(failure.isCertain)
    #expect(failure.sentence.contains(" ") && !failure.sentence.hasSuffix("."))
  }

  @Test(arguments: Corpus.files.filter { $0.expected == "either" })
  func fileThatIsStrangeIsConvertedOrRefusedForGood(_ file: Corpus.File) throws {
    #expect(try Self.decoder.get().failure(file.path)?.isCertain ?? true)
  }
}
