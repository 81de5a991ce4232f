import Foundation
import SystemPackage
import Testing

@testable import Decoder

/// A part of a file is what the whole has at that place.
@Suite struct PartTests {
  private let media: TestMedia
  private let decoder: Decoder

  init() throws {
    media = try TestMedia()
    decoder = try Decoder.underTest()
  }

  private static let seconds = 60
  private static let start = Duration.milliseconds(33_217)
  private static let end = Duration.microseconds(41_070_011)

  private func make(_ name: String, rate: Int = 44100, _ words: String...) throws -> String {
    let noise = "anoisesrc=a=0.5:r=\(rate):seed=5:d=\(Self.seconds)"
    let path = media.path(name)
    try run("ffmpeg", ["-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", noise, "-ac", "2"] + words + [path])
    return path
  }

  /// The samples between two times, of all samples.
  private func slice(_ samples: [Float], _ rate: Int, _ start: Duration?, _ end: Duration?) -> [Float] {
    let first = Int(((start?.inSeconds ?? 0) * Double(rate)).rounded())
    let last = end.map { Int(($0.inSeconds * Double(rate)).rounded()) } ?? samples.count
    return Array(samples[min(first, samples.count)..<min(last, samples.count)])
  }

  @Test(arguments: [
    ("a.wav", "pcm_s16le"), ("a.flac", "flac"), ("a.m4a", "alac"), ("a.mkv", "flac"), ("a.mov", "pcm_s16le"),
    ("a.mp3", "libmp3lame"), ("a.ts", "mp2"), ("a.ogg", "flac"), ("a.mp4", "aac"),
  ])
  func partIsThatPartOfTheWhole(_ name: String, _ codec: String) throws {
    let words = codec == "aac" ? ["-aac_pns", "0"] : []
    let noise = "anoisesrc=a=0.5:r=44100:seed=5:d=\(Self.seconds)"
    let path = media.path(name)
    try run(
      "ffmpeg", ["-nostdin", "-v", "error", "-f", "lavfi", "-i", noise, "-ac", "2", "-c:a", codec] + words + [path])
    let whole = try decoder.decode(path)
    for (start, end) in [(Self.start, Self.end), (Self.start, nil), (nil, Self.end), (.zero, .seconds(1))] {
      let part = try decoder.decode(path, DecodeRequest(start: start, end: end))
      #expect(part.left == slice(whole.left, whole.source.sampleRate, start, end), "\(name)")
      #expect(part.right == slice(whole.right, whole.source.sampleRate, start, end), "\(name)")
      #expect(part.summary.samples == part.left.count)
    }
  }

  @Test func partAtAnotherRateIsAsExact() throws {
    let path = try make("a.m4a", rate: 48000, "-c:a", "alac")
    let whole = try decoder.decode(path, DecodeRequest(rate: 44100))
    let part = try decoder.decode(path, DecodeRequest(rate: 44100, start: Self.start, end: Self.end))
    let expected = slice(whole.left, 44100, Self.start, Self.end)
    #expect(part.left.count == expected.count)
    #expect(zip(part.left, expected).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test func partThatTheAudioDoesNotReachIsRefusedForGood() throws {
    let path = try make("a.m4a", "-c:a", "alac", "-t", "2")
    let requests = [
      DecodeRequest(start: .seconds(3)), DecodeRequest(start: .seconds(1 << 60)), DecodeRequest(end: .zero),
      DecodeRequest(start: .seconds(1), end: .seconds(1)), DecodeRequest(start: .seconds(1), end: .milliseconds(500)),
    ]
    for request in requests {
      let failure = decoder.failure(path, request)
      #expect(failure?.kind == .noSamples && failure?.isCertain == true, "\(request)")
    }
    #expect(try decoder.decode(path, DecodeRequest(end: .seconds(1 << 60))).left.count == 88200)
  }

  @Test func silenceBeforeALateStartBelongsToThePart() throws {
    let path = try media.make(
      "late.mp4", "-f", "lavfi", "-i", "testsrc=s=64x64:d=5", "-itsoffset", "2", "-f", "lavfi", "-i",
      "sine=d=3:r=44100", "-map", "0", "-map", "1", "-c:v", "libx264", "-c:a", "alac")
    let whole = try decoder.decode(path)
    let part = try decoder.decode(path, DecodeRequest(start: .milliseconds(500), end: .seconds(3)))
    #expect(abs(whole.source.startOffset.inSeconds - 2) < 0.01)
    #expect(part.source.startOffset == whole.source.startOffset - .milliseconds(500))
    #expect(part.left == slice(whole.left, 44100, .milliseconds(500), .seconds(3)))
    #expect(part.source.declaredDuration == .milliseconds(2500))
  }

  @Test func mp3FramesAreNotPassedOnForAPart() throws {
    let path = try make("a.mp3", "-c:a", "libmp3lame", "-t", "3")
    let part = try decoder.decode(path, DecodeRequest(allowsCopy: true, end: .seconds(1)))
    #expect(part.source.delivery == .pcm && part.left.count == 44100)
  }

  @Test func chaptersAreMovedAndCut() {
    var source = SourceDescription()
    source.chapters = [(0, 10, "a"), (10, 20, "b"), (15, 15, "c"), (20, 30, "d"), (30, 40, "e")].map {
      .init(start: .seconds($0), end: .seconds($1), title: $2)
    }
    source.declaredDuration = .seconds(40)
    WantedPart(DecodeRequest(start: .seconds(12), end: .seconds(25))).cut(&source)
    #expect(source.chapters.map(\.title) == ["b", "c", "d"])
    #expect(source.chapters.map(\.start) == [.zero, .seconds(3), .seconds(8)])
    #expect(source.chapters.map(\.end) == [.seconds(8), .seconds(3), .seconds(13)])
    #expect(source.declaredDuration == .seconds(13))
  }

  /// A decoder of the file's audio, a few frames in.
  private func track(_ path: String) throws -> TrackDecoder {
    let file = try FileDescriptor.open(FilePath(path), .readOnly)
    defer { try? file.close() }
    // The descriptor is needed no longer than for the head and the first frames.
    let media = try MediaFile(InputFile(file.rawValue), DecodeLimits())
    var track = try TrackDecoder(TrackReader(media, stream: SourceReport(media, DecodeRequest()).stream))
    for _ in 0..<3 { try #require(try track.advance()) }
    return track
  }

  @Test func leapGoesOverWholeFramesOnly() throws {
    let leap = try #require(Leap(try track(make("a.m4a", "-c:a", "alac")), over: 40 * 44100, outputRate: 44100))
    #expect(leap.samples % 4096 == 0 && 40 * 44100 - leap.samples >= 44100 && leap.samples > 38 * 44100)
    #expect(leap.length == Int64(leap.samples) * 16000)
    let other = try make("b.m4a", rate: 48000, "-c:a", "aac")
    let uneven = try #require(Leap(try track(other), over: 40 * 44100, outputRate: 44100))
    // 5 frames of 1024 samples at 48 kHz are 4704 samples at 44.1 kHz.
    #expect(uneven.samples % 4704 == 0)
  }

  @Test func leapIsNotMadeWhereItMightLeadElsewhere() throws {
    let gap = "aselect='not(between(t,10,12))'"
    for path in [
      try make("a.mkv", "-c:a", "flac"), try make("a.mp3", "-c:a", "libmp3lame"),
      try make("gap.m4a", "-af", gap, "-c:a", "alac"),
    ] { #expect(Leap(try track(path), over: 40 * 44100, outputRate: 44100) == nil, "\(path)") }
    let even = try track(make("a.m4a", "-c:a", "alac"))
    #expect(Leap(even, over: 5 * 44100, outputRate: 44100) == nil)
    #expect(Leap(even, over: 90 * 44100, outputRate: 44100) == nil)
    let path = media.path("gap.m4a")
    let whole = try decoder.decode(path)
    let part = try decoder.decode(path, DecodeRequest(start: Self.start, end: Self.end))
    #expect(whole.left.count > 59 * 44100 && part.left == slice(whole.left, 44100, Self.start, Self.end))
  }
}
