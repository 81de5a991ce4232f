import Foundation
import Testing

/// What mutagen, which other programs read tags with, finds in an MP3.
private struct Mutagen: Decodable {
  struct Chapter: Decodable, Equatable {
    let start: Int
    let end: Int
    let title: String
  }

  let version: [Int]
  let encodings: [Int]
  let texts: [String: [String]]
  let chapters: [Chapter]
  let pictures: [String]
  let gain: Double?
  let peak: Double?

  /// Frames of text by their names, chapters in the order of the table of contents, SHA-256 of each picture.
  static let script = """
    import hashlib, json, sys
    from mutagen.mp3 import MP3
    mp3 = MP3(sys.argv[1])
    tags, info = mp3.tags, mp3.info
    order = next(iter(tags.getall("CTOC")), None)
    chapters = [tags[f"CHAP:{name}"] for name in (order.child_element_ids if order else [])]
    texts = {f.FrameID: [str(t) for t in f.text] for f in tags.values() if hasattr(f, "text")}
    print(json.dumps({
        "version": list(tags.version),
        "encodings": sorted({int(f.encoding) for f in tags.values() if hasattr(f, "encoding")}),
        "texts": texts,
        "chapters": [{"start": c.start_time, "end": c.end_time, "title": str(c.sub_frames["TIT2"])} for c in chapters],
        "pictures": [hashlib.sha256(p.data).hexdigest() for p in tags.getall("APIC")],
        "gain": info.track_gain, "peak": info.track_peak}))
    """

  static func read(_ file: String, in scratch: Scratch) async throws -> Mutagen {
    let answer = try await scratch.run("/usr/bin/python3", ["-c", script, file])
    return try JSONDecoder().decode(Mutagen.self, from: Data(answer.utf8))
  }
}

@Suite struct TagTests {
  /// A line break is a control character, and none of these comes through.
  @Test func tagsChaptersAndCoverAreReadByOthers() async throws {
    try await withScratch { scratch in
      let (file, cover) = try await scratch.talk()
      try await scratch.mp3spool("convert", file)
      let found = try await Mutagen.read(scratch.path("talk.mp3"), in: scratch)
      #expect(found.version == [2, 4, 0])
      #expect(found.encodings == [3], "UTF-8")
      let expected = [
        "TIT2": "Ein schönes Gespräch 🎙", "TPE1": "Zoë", "TALB": "日本", "TPE2": "Various", "TDRC": "2024-05-31",
        "TCON": "Talk", "TRCK": "3/12", "COMM": "Two lines", "TCOM": "Ćiril", "TCOP": "© Somebody", "TLAN": "deu",
      ]
      for (frame, text) in expected { #expect(found.texts[frame] == [text], "\(frame)") }
      #expect(
        found.chapters == [.init(start: 0, end: 1500, title: "Erstes"), .init(start: 1500, end: 4000, title: "第二")])
      #expect(found.pictures == [String(try await scratch.run("sha256sum", [cover]).prefix(64))])
    }
  }

  /// A tone of -23 LUFS needs 5 dB to be as loud as ReplayGain's -18 LUFS.
  @Test func replayGainIsReadByOthers() async throws {
    try await withScratch { scratch in
      let amplitude = 0.0708  // -23 dBFS
      let tone = "aevalsrc=\(amplitude)*sin(2*PI*1000*t)|\(amplitude)*sin(2*PI*1000*t):s=48000:d=10"
      let file = scratch.path("tone.wav")
      try await scratch.run(
        "ffmpeg", ["-nostdin", "-v", "error", "-f", "lavfi", "-i", tone, "-c:a", "pcm_f32le", file])
      try await scratch.mp3spool("convert", file)
      let found = try await Mutagen.read(scratch.path("tone.mp3"), in: scratch)
      #expect(abs(try #require(found.gain) - 5) < 0.15)
      #expect(abs(try #require(found.peak) - amplitude) < 0.001)
    }
  }
}

extension Scratch {
  /// Four seconds with all tags, two chapters and a cover.
  func talk() async throws -> (file: String, cover: String) {
    let cover = path("cover.png")
    try await run(
      "ffmpeg",
      ["-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=64x64:duration=1", "-frames:v", "1", cover])
    let metadata = try write(
      "metadata",
      """
      ;FFMETADATA1
      title=Ein schönes Gespräch 🎙
      artist=Zoë
      album=日本
      album_artist=Various
      date=2024-05-31
      genre=Talk
      track=3/12
      comment=Two\\
      lines
      composer=Ćiril
      copyright=© Somebody
      [CHAPTER]
      TIMEBASE=1/1000
      START=0
      END=1500
      title=Erstes
      [CHAPTER]
      TIMEBASE=1/1000
      START=1500
      END=4000
      title=第二
      """.utf8)
    let sound = try await self.sound("sound.wav", seconds: 4)
    let file = path("talk.m4a")
    try await run(
      "ffmpeg",
      [
        "-nostdin", "-v", "error", "-i", sound, "-i", metadata, "-i", cover, "-map", "0", "-map", "2",
        "-map_metadata", "1",
        "-map_chapters", "1", "-c:a", "aac", "-c:v", "copy", "-disposition:v", "attached_pic", "-metadata:s:a:0",
        "language=deu", file,
      ])
    return (file, cover)
  }
}
