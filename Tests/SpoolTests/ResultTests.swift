import Foundation
import Testing

@testable import Spool

@Suite struct ResultTests {
  /// As version 0.1 wrote it.
  private let old = """
    {"bitrate":128000,"byteCount":4096,"channels":2,"codec":"aac","container":"mov","copied":false,"duration":1.5,
    "output":"a.1/audio.mp3","sampleRate":44100,"sha256":"00","track":1,"warnings":[]}
    """

  @Test func olderResultIsReadAsBefore() throws {
    let result = try #require(JSON.decode(JobResult.self, from: Array(old.utf8)))
    #expect(result.byteCount == 4096)
    #expect(result.peaks == nil && result.tags == nil && result.chapters == nil && result.cover == nil)
  }

  @Test func allOfItIsReadAgain() throws {
    var result = try #require(JSON.decode(JobResult.self, from: Array(old.utf8)))
    result.waveform = "AIz/"
    result.tags = ResultTags(title: "a", comment: "b")
    result.chapters = [ResultChapter(start: 0, end: 1.25, title: nil)]
    result.cover = ResultCover(type: "image/png", offset: 100, length: 5)
    #expect(JSON.decode(JobResult.self, from: JSON.encode(result)) == result)
    #expect(result.peaks == [0, 140, 255])
  }

  @Test func textsAreShort() {
    let long = String(repeating: "ä", count: 600)
    #expect(ResultTags(title: long)?.title?.count == 500)
    #expect(ResultChapter(start: 0, end: 1, title: long).title?.count == 500)
  }

  @Test func tagsThatSayNothingAreNone() {
    #expect(ResultTags() == nil)
    #expect(ResultTags(title: "", album: "") == nil)
  }

  @Test func ofManyChaptersTheFirstAreKept() {
    func chapters(_ count: Int, _ title: String?) -> [ResultChapter] {
      (0..<count).map { ResultChapter(start: Double($0), end: Double($0) + 1, title: title) }
    }
    #expect(ResultChapter.kept(of: chapters(0, "a")) == nil)
    #expect(ResultChapter.kept(of: chapters(600, nil)) == chapters(500, nil))
    #expect(ResultChapter.kept(of: chapters(500, String(repeating: "a", count: 500)))?.count == 131)
  }

  /// What is larger than that is not read again, and its job would be lost.
  @Test func largestResultIsReadAgain() throws {
    let plain = try #require(JSON.decode(JobResult.self, from: Array(old.utf8)))
    // The longest in bytes, and those that JSON writes longest.
    for text in [String(repeating: "🎙", count: 500), String(repeating: "\"", count: 500)] {
      var result = plain
      result.tags = ResultTags(title: text, artist: text, album: text, date: text, genre: text, comment: text)
      result.chapters = ResultChapter.kept(of: (0..<500).map { ResultChapter(start: 0, end: Double($0), title: text) })
      result.waveform = String(repeating: "/", count: 536)
      result.otherTracks = [JobResult](repeating: result, count: 63).map { track in
        var track = track
        (track.tags, track.chapters) = (nil, nil)
        return track
      }
      #expect(JSON.encode(result).count < 1 << 20)
    }
  }
}
