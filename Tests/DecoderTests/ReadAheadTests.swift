import Foundation
import SystemPackage
import Testing

@testable import Decoder

/// How much of a file is read, as a decision and as bytes.
@Suite struct ReadAheadTests {
  @Test func readingOnGrowsToLargePieces() {
    var policy = ReadAhead()
    var (position, pieces) = (0, 0)
    while position < 8 << 20 {
      position += policy.count(at: position, wanted: 64 << 10)
      pieces += 1
    }
    #expect(!policy.isScattered)
    // No more than the pieces of 64 KiB that a plain buffer would take.
    #expect(pieces <= 128)
  }

  @Test func readAfterAJumpIsWhatIsNeeded() {
    var policy = ReadAhead()
    #expect(policy.count(at: 1 << 30, wanted: 300) == ReadAhead.least)
    #expect(policy.count(at: 5, wanted: 5000) == 5000)
    #expect(policy.isScattered)
  }

  @Test func requestThatOnlyFillsABufferIsNotMetInFull() {
    var policy = ReadAhead()
    #expect(policy.count(at: 1 << 30, wanted: 256 << 10) == ReadAhead.least)
    #expect(policy.count(at: (1 << 30) + ReadAhead.least, wanted: 255 << 10) == ReadAhead.least)
  }

  @Test(arguments: [1, 300, 1024, 5000, 31_000, 700_000])
  func ofARunAtMostTwiceIsRead(_ length: Int) {
    for size in [100, 370, 4096, 20_000] {
      var policy = ReadAhead()
      _ = policy.count(at: 0, wanted: 8)
      let begin = 1 << 30
      var (read, used) = (begin, begin)
      while used < begin + length {
        used += size
        while read < used { read += policy.count(at: read, wanted: used - read) }
      }
      #expect(read - begin <= max(2 * (used - begin), ReadAhead.least))
    }
  }

  /// The bytes that this thread has read so far (`rchar`, proc(5)).
  private func bytesRead() throws -> Int {
    let text = try String(contentsOfFile: "/proc/thread-self/io", encoding: .utf8)
    let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("rchar: ") })
    return try #require(Int(line.dropFirst(7)))
  }

  /// What reading all of a file's audio packets reads of the file, and the packets' own bytes.
  private func readAudio(_ path: String) throws -> (read: Int, audio: Int) {
    let file = try FileDescriptor.open(FilePath(path), .readOnly)
    defer { try? file.close() }
    let before = try bytesRead()
    let media = try MediaFile(InputFile(file.rawValue), DecodeLimits())
    var reader = try TrackReader(media, stream: SourceReport(media, DecodeRequest()).stream)
    var audio = 0
    while try reader.advance() { audio += reader.packet.withBytes { $0.count } }
    return (try bytesRead() - before, audio)
  }

  /// 200 MB of pictures that stand between the packets of 150 kB of sound; and smaller pictures, which libavformat
  /// would rather read than jump over.
  @Test(arguments: [("640x480", 18), ("128x96", 60)])
  func picturesAreNotRead(_ size: String, _ seconds: Int) throws {
    let media = try TestMedia()
    let path = try media.make(
      "a.mov", "-f", "lavfi", "-i", "color=s=\(size):r=25:d=\(seconds)", "-f", "lavfi", "-i",
      "anoisesrc=a=0.3:d=\(seconds)", "-map", "0", "-map", "1", "-v", "quiet", "-c:v", "rawvideo", "-c:a", "aac",
      "-b:a", "64k")
    let (read, audio) = try readAudio(path)
    #expect(audio > 100_000)
    // The head holds the index, and to learn the streams the first pictures are read.
    #expect(read < 5 * audio + 2_000_000, "\(read) bytes for \(audio) of audio")
  }

  @Test(arguments: ["a.mkv", "a.ts", "a.mp3", "a.m4a", "a.wav"])
  func whatIsReadFromFrontToBackIsReadOnce(_ name: String) throws {
    let media = try TestMedia()
    let path = try media.make(name, "-f", "lavfi", "-i", "anoisesrc=a=0.3:d=120")
    let size = try Data(contentsOf: URL(filePath: path)).count
    let (read, _) = try readAudio(path)
    // What libavformat's probing reads comes to it, and the end, which it looks at first in a transport stream.
    #expect(read <= size + 1_000_000, "\(read) of \(size)")
  }

  @Test func whatAFileGrowsByWhileItIsReadIsNotRead() throws {
    let folder = try TestMedia()
    let path = try folder.silence("a.wav", seconds: 10)
    let file = try FileDescriptor.open(FilePath(path), .readOnly)
    defer { try? file.close() }
    let media = try MediaFile(InputFile(file.rawValue), DecodeLimits())
    let handle = try FileHandle(forWritingTo: URL(filePath: path))
    try handle.truncate(atOffset: 100 << 20)
    var reader = try TrackReader(media, stream: 0)
    var audio = 0
    while try reader.advance() { audio += reader.packet.withBytes { $0.count } }
    #expect(audio == 10 * 176400)
  }
}
