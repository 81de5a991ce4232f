import Foundation
import SystemPackage
import Testing

@testable import Decoder

/// Files that would have their reader open others.
@Suite struct HostileFileTests {
  private static let strace = "/usr/bin/strace"
  private static let target = "/etc/passwd"
  private let media: TestMedia

  init() throws { media = try TestMedia() }

  /// Each kind of list that libavformat follows, naming a file that is there.
  private static let lists: [(kind: String, text: String)] = [
    ("m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://\(target)\n#EXT-X-ENDLIST\n"),
    ("m3u", "#EXTM3U\n#EXTINF:9,x\n\(target)\n"),
    ("mpd", dash),
    ("ffconcat", "ffconcat version 1.0\nfile '\(target)'\n"),
    ("concat", "file '\(target)'\nfile '\(target)'\n"),
    ("sdp", "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n"),
    ("imf", imf),
    ("rtsp", "rtsptext\nrtsp://127.0.0.1:5004/x\n"),
    ("asx", "[Reference]\nRef1=http://127.0.0.1:5004/x?MSWMExt=.asf\n"),
    ("ffmeta", ";FFMETADATA1\ntitle=\(target)\n"),
  ]

  private static let dash = """
    <?xml version="1.0"?>
    <MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" profiles="urn:mpeg:dash:profile:isoff-main:2011">
    <Period duration="PT9S"><AdaptationSet mimeType="audio/mp4"><Representation id="0" bandwidth="1">
    <BaseURL>file://\(target)</BaseURL><SegmentBase/></Representation></AdaptationSet></Period></MPD>
    """

  private static let imf = """
    <?xml version="1.0" encoding="UTF-8"?>
    <CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3/2016"><Id>urn:uuid:0</Id>
    <EditRate>24 1</EditRate><SegmentList/></CompositionPlaylist>
    """

  /// A movie whose sound is in another file: nothing but the head, with a reference in the place of the data.
  private func movie(_ name: String, reference: [UInt8]) throws -> String {
    let path = try media.make(name, "-f", "lavfi", "-i", "sine=d=2:r=44100", "-c:a", "pcm_s16be", "-f", "mov")
    var bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    let head = try #require(bytes.firstRange(of: Array("moov".utf8))).lowerBound - 4
    bytes.removeSubrange(0..<head)
    // ISO 14496-12, 8.7.2: version and flags, a count, then the boxes: a size, a type, version and flags, of which 1 says
    // that the data is in this file.
    let box = try #require(bytes.firstRange(of: Array("dref".utf8))).upperBound + 8
    let replacement = big(reference.count + 4) + reference
    let grown = replacement.count - 12
    for parent in ["moov", "trak", "mdia", "minf", "dinf", "dref"] {
      let name = try #require(bytes[..<box].ranges(of: Array(parent.utf8)).last)
      let size = bytes[name.lowerBound - 4..<name.lowerBound].reduce(0) { $0 << 8 | Int($1) }
      bytes.replaceSubrange(name.lowerBound - 4..<name.lowerBound, with: big(size + grown))
    }
    bytes.replaceSubrange(box..<box + 12, with: replacement)
    return try media.write(name, bytes)
  }

  private func big(_ number: Int) -> [UInt8] { (0..<4).map { UInt8(number >> (24 - $0 * 8) & 0xFF) } }

  /// A record of Apple's alias manager, as mov_read_dref (libavformat/mov.c) takes it.
  private static var alias: [UInt8] {
    func padded(_ text: String, _ count: Int) -> [UInt8] {
      [UInt8(text.utf8.count)] + Array(text.utf8) + [UInt8](repeating: 0, count: count - text.utf8.count)
    }
    let path = Array(target.utf8)
    return Array("alis".utf8) + [UInt8](repeating: 0, count: 14) + padded("disk", 27) + [UInt8](repeating: 0, count: 12)
      + padded("passwd", 63) + [UInt8](repeating: 0, count: 36) + [0, 2, 0, UInt8(path.count)] + path
      + [UInt8](repeating: 0, count: path.count % 2) + [0xFF, 0xFF, 0, 0]
  }

  /// A Matroska file that is only the link to the next one (NextFilename, and a chapter in another segment).
  private static var linkedSegment: [UInt8] {
    func element(_ id: [UInt8], _ body: [UInt8]) -> [UInt8] { id + [0x40, UInt8(body.count)] + body }
    let unit = element([0x2A, 0xD7, 0xB1], [0x0F, 0x42, 0x40])
    let next = element([0x3E, 0x83, 0xBB], Array(target.utf8))
    let other = element([0x6E, 0x67], [UInt8](repeating: 7, count: 16))
    let atom = element([0xB6], element([0x73, 0xC4], [1]) + element([0x91], [0]) + other)
    let chapters = element([0x10, 0x43, 0xA7, 0x70], element([0x45, 0xB9], element([0x45, 0xDD], [1]) + atom))
    let head = element([0x1A, 0x45, 0xDF, 0xA3], element([0x42, 0x82], Array("matroska".utf8)))
    return head + element([0x18, 0x53, 0x80, 0x67], element([0x15, 0x49, 0xA9, 0x66], unit + next) + chapters)
  }

  private func files() throws -> [String] {
    var paths: [String] = []
    for (kind, text) in Self.lists {
      for name in ["list.\(kind)", "\(kind).mp4", "\(kind).mp3"] { paths.append(try media.write(name, text.utf8)) }
    }
    let location = Array("url ".utf8) + [0, 0, 0, 0] + Array("file://\(Self.target)\0".utf8)
    paths.append(try movie("url.mov", reference: location))
    paths.append(try movie("alias.mov", reference: Self.alias))
    paths.append(try media.write("linked.mkv", Self.linkedSegment))
    return paths
  }

  @Test func fileThatLeadsToOthersIsRefusedForGood() throws {
    let decoder = try Decoder.underTest()
    for path in try files() {
      let failure = decoder.failure(path)
      #expect(failure?.isCertain == true, "\(path): \(failure?.sentence ?? "decoded")")
    }
  }

  /// 65 is EX_DATAERR: another attempt is in vain (sysexits.h).
  @Test func fileThatLeadsToOthersEndsConvertWith65() throws {
    let paths = try files()
    let script = #"""
      program=$1; shift
      for file; do
        status=0; "$program" convert "$file" "$file.out" 2>/dev/null || status=$?
        echo "$status $(test -e "$file.out" && echo made || echo none)"
      done
      """#
    let words = ["-c", script, "bash", Self.program] + paths
    let endings = String(decoding: try run("bash", words), as: UTF8.self).split(separator: "\n")
    #expect(endings.count == paths.count)
    for (path, ending) in zip(paths, endings) { #expect(ending == "65 none", "\(path)") }
  }

  @Test func trackWhoseSamplesAreElsewhereIsFound() throws {
    let location = Array("url ".utf8) + [0, 0, 0, 0] + Array("file://\(Self.target)\0".utf8)
    let named = try movie("url.mov", reference: location)
    #expect(try foreignTracks(named) == [1])
    #expect(try foreignTracks(movie("alias.mov", reference: Self.alias)) == [1])
    // Some muxers forget to say that the data is at hand, but name no other place.
    #expect(try foreignTracks(movie("empty.mov", reference: Array("url ".utf8) + [0, 0, 0, 0])) == [])
    for name in ["a.mp4", "a.mov"] {
      #expect(try foreignTracks(media.make(name, "-f", "lavfi", "-i", "sine=d=1", "-c:a", "aac")) == [])
    }
    let failure = try Decoder.underTest().failure(named)
    #expect(failure?.sentence == "the audio is in another file, which this one only names")
  }

  @Test func changedByteNeverBreaksTheSearchForTracks() throws {
    let whole = [UInt8](try Data(contentsOf: URL(filePath: movie("alias.mov", reference: Self.alias))))
    var generator = Noise(state: 3)
    for _ in 0..<500 {
      var bytes = whole
      for _ in 0..<3 { bytes[Int.random(in: bytes.indices, using: &generator)] = generator.next(upperBound: 255) }
      let found = try foreignTracks(media.write("changed.mov", bytes))
      #expect(found.count <= 1)
    }
  }

  private func foreignTracks(_ path: String) throws -> Set<Int> {
    let file = try FileDescriptor.open(FilePath(path), .readOnly)
    defer { try? file.close() }
    return ForeignTracks(try InputFile(file.rawValue)).numbers
  }

  /// A decoder whose processes strace watches make these calls, and the file that it writes them to.
  private func traced(_ calls: String) throws -> (decoder: Decoder, trace: String) {
    let trace = media.path("trace")
    let words = ["-f", "-qqq", "-e", "trace=\(calls)", "-o", trace, Self.program, DecoderZygote.command]
    return (try Decoder(executable: FilePath(Self.strace), arguments: words), trace)
  }

  private static let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    .appending(path: "mp3spool").path

  /// Without the walls that would keep it: it does not even try.
  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: strace)))
  func fileThatLeadsToOthersHasNothingOpened() throws {
    let (decoder, trace) = try traced("%file,%network,close_range")
    let paths = try files()
    for path in paths { #expect(decoder.failure(path) != nil) }
    decoder.shutdown()
    // Each child closes what it has no business with before it reads.
    var calls: [Substring: [Substring]] = [:]
    for line in try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n") {
      let (child, call) = (line.prefix { $0 != " " }, line.drop { $0 != " " }.drop { $0 == " " })
      if call.hasPrefix("close_range(2, ") { calls[child] = [] } else { calls[child]?.append(call) }
    }
    #expect(calls.count == paths.count + 1)  // and the one that reported on the jail
    let harmless = ["newfstatat(0, ", "fstat(0, ", "<... ", "+++ killed by SIGKILL"]
    for call in calls.values.joined() { #expect(harmless.contains { call.hasPrefix($0) }, "\(call)") }
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: strace)), arguments: [100 << 10, 400 << 10])
  func noMoreIsReadToLearnWhatAFileIsThanTheLimit(_ limit: Int) throws {
    let (decoder, trace) = try traced("pread64")
    let path = try media.write("long.txt", repeatElement(UInt8(ascii: "x"), count: 20 << 20))
    var request = DecodeRequest()
    request.limits.probeBytes = limit
    #expect(decoder.failure(path, request)?.kind == .notMedia)
    decoder.shutdown()
    let reads = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n")
    let counts = reads.compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }
    #expect(counts.reduce(0, +) <= limit + 256 << 10 && counts.reduce(0, +) >= limit / 2, "\(counts)")
  }

  /// A file that announces pictures and has none is read on and on for them.
  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: strace)), arguments: [2, 20])
  func streamsAreAwaitedForSoManySecondsOfMedia(_ seconds: Int) throws {
    let (decoder, trace) = try traced("pread64")
    let path = try media.make("sound.flv", "-f", "lavfi", "-i", "sine=d=60:r=44100", "-ac", "2", "-c:a", "pcm_s16le")
    var bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    // Adobe's FLV specification, E.2: 4 announces sound, 1 pictures.
    try #require(bytes[4] == 4)
    bytes[4] = 5
    var request = DecodeRequest()
    (request.limits.probeBytes, request.limits.analyzeDuration) = (64 << 20, .seconds(seconds))
    // What is read until the description comes; the rest of the file is not asked for.
    let session = try decoder.open(path: media.write("sound.flv", bytes), request)
    session.canceller.cancel()
    decoder.shutdown()
    let reads = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n")
    let count = reads.compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +)
    let expected = seconds * 44_100 * 4
    #expect(expected / 2...expected + 1 << 20 ~= count, "\(count) bytes were read, not \(expected)")
  }

  /// What libc would open files for must be in memory already: the time zone, character sets.
  @Test func whatLibcLooksUpIsThereInTheJail() throws {
    let decoder = try Decoder.underTest()
    let dated = try media.make(
      "dated.mp4", "-f", "lavfi", "-i", "sine=d=1", "-metadata", "creation_time=2020-01-01T00:00:00Z")
    #expect(decoder.failure(dated) == nil)
    // The first byte of a name selects its character set (ETSI EN 300 468, annex A.2).
    for first in [0x01, 0x02, 0x05, 0x07, 0x0B, 0x11, 0x12, 0x13, 0x14, 0x15, 0x1F, 0x41] as [UInt8] {
      let name = String(decoding: [first] + Array("name".utf8), as: UTF8.self)
      let words = [
        "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", "sine=d=1", "-metadata", "service_name=\(name)",
      ]
      try run("ffmpeg", words + [media.path("named.ts")])
      #expect(decoder.failure(media.path("named.ts")) == nil, "\(first)")
    }
  }
}
