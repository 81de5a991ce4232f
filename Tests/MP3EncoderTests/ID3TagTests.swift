import Testing

@testable import MP3Encoder

@Suite struct ID3TagTests {
  /// A frame of a tag, as a reader finds it.
  struct Frame: Equatable {
    let id: String
    let body: [UInt8]
    /// The body of a text frame in UTF-8, without the byte that says so.
    var text: String? { body.first == 3 ? String(validating: body.dropFirst(), as: UTF8.self) : nil }
  }

  private func number(_ bytes: ArraySlice<UInt8>) -> Int {
    bytes.reduce(0) {
      #expect($1 < 0x80)
      return $0 << 7 | Int($1)
    }
  }

  private func frames(_ bytes: ArraySlice<UInt8>) -> [Frame] {
    var rest = bytes
    var frames: [Frame] = []
    while !rest.isEmpty {
      let size = number(rest.dropFirst(4).prefix(4))
      #expect(Array(rest.dropFirst(8).prefix(2)) == [0, 0])
      frames.append(
        Frame(id: String(decoding: rest.prefix(4), as: UTF8.self), body: Array(rest.dropFirst(10).prefix(size))))
      rest = rest.dropFirst(10 + size)
    }
    return frames
  }

  private func frames(of tag: ID3Tag) -> [Frame] {
    let bytes = tag.encoded()
    #expect(bytes.prefix(6) == [0x49, 0x44, 0x33, 4, 0, 0])
    #expect(number(bytes[6..<10]) == bytes.count - 10)
    return frames(bytes[10...])
  }

  @Test func anEmptyTagNamesTheProgram() {
    #expect(frames(of: ID3Tag()) == [Frame(id: "TSSE", body: [3] + Array("mp3spool".utf8))])
  }

  @Test func everyTextHasItsFrame() {
    var tag = ID3Tag()
    (tag.title, tag.artist, tag.album, tag.albumArtist) = ("Tïtle", "Ärtist", "Album 🎵", "Various")
    (tag.date, tag.genre, tag.track, tag.composer) = ("2024-05-31", "Jazz", "3/12", "C. Omposer")
    (tag.copyright, tag.language, tag.comment) = ("© 2024", "DEU", "Zwei\nZeilen")
    let texts = frames(of: tag).filter { $0.id.hasPrefix("T") }.map { [$0.id, $0.text] }
    #expect(
      texts == [
        ["TIT2", "Tïtle"], ["TPE1", "Ärtist"], ["TALB", "Album 🎵"], ["TPE2", "Various"], ["TDRC", "2024-05-31"],
        ["TCON", "Jazz"], ["TRCK", "3/12"], ["TCOM", "C. Omposer"], ["TCOP", "© 2024"], ["TLAN", "deu"],
        ["TSSE", "mp3spool"],
      ])
    let comment = frames(of: tag).first { $0.id == "COMM" }
    #expect(comment?.body == [3] + Array("deu\0Zwei\nZeilen".utf8))
  }

  @Test func nulNeverGetsIntoAText() {
    var tag = ID3Tag()
    (tag.title, tag.artist, tag.comment) = ("a\0b", "\0", "\0x\0")
    tag.chapters = [ID3Tag.Chapter(start: .zero, end: .seconds(1), title: "c\0d")]
    let found = frames(of: tag)
    #expect(found.first { $0.id == "TIT2" }?.text == "ab")
    #expect(!found.contains { $0.id == "TPE1" })
    #expect(found.first { $0.id == "COMM" }?.body == [3] + Array("XXX\0x".utf8))
    #expect(frames(found.first { $0.id == "CHAP" }!.body[20...]).map(\.text) == ["cd"])
  }

  @Test func longTextsAreCutBetweenCharacters() {
    var tag = ID3Tag()
    tag.title = String(repeating: "ä", count: 3000) + "b"
    tag.artist = "x" + String(repeating: "ä", count: 3000)
    tag.album = String(repeating: "a", count: 4096)
    tag.comment = String(repeating: "🎵", count: 20000)
    let found = frames(of: tag)
    #expect(found.first { $0.id == "TIT2" }?.text == String(repeating: "ä", count: 2048))
    #expect(found.first { $0.id == "TPE1" }?.text == "x" + String(repeating: "ä", count: 2047))
    #expect(found.first { $0.id == "TALB" }?.text == tag.album)
    #expect(found.first { $0.id == "COMM" }?.body.count == 5 + 65536)
  }

  @Test(arguments: [
    ("2024", "2024"), ("2024-05", "2024-05"), ("2024-05-31", "2024-05-31"), ("2024-05-31 18:00", "2024-05-31T18:00"),
    ("2024-05-31T18:00:59.123Z", "2024-05-31T18:00:59"), ("2024-5", "2024"), ("20240531", "2024"), ("31.05.2024", nil),
    ("", nil), ("about 1990", nil), ("202", nil),
  ])
  func aDateIsWhatID3CanSayOfIt(date: String, expected: String?) {
    var tag = ID3Tag()
    tag.date = date
    #expect(frames(of: tag).first { $0.id == "TDRC" }?.text == expected)
  }

  @Test(arguments: ["", "e", "english", "und", "e1g", "ä"])
  func aLanguageThatIsNoneIsLeftOut(language: String) {
    var tag = ID3Tag()
    tag.language = language
    #expect(!frames(of: tag).contains { $0.id == "TLAN" })
  }

  @Test func chaptersAreTimesInMilliseconds() throws {
    var tag = ID3Tag()
    tag.chapters = [
      ID3Tag.Chapter(start: .zero, end: .milliseconds(1500), title: "One"),
      ID3Tag.Chapter(start: .milliseconds(1500), end: .seconds(3600), title: nil),
      ID3Tag.Chapter(start: .seconds(5), end: .seconds(-1), title: nil),
      ID3Tag.Chapter(start: .seconds(Int64.max), end: .seconds(Int64.max), title: nil),
    ]
    let found = frames(of: tag)
    #expect(found.first { $0.id == "CTOC" }?.body == Array("toc\0".utf8) + [3, 4] + Array("ch0\0ch1\0ch2\0ch3\0".utf8))
    let chapters = found.filter { $0.id == "CHAP" }.map(\.body)
    let none: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]
    #expect(Array(chapters[0].prefix(20)) == Array("ch0\0".utf8) + [0, 0, 0, 0, 0, 0, 0x05, 0xDC] + none)
    #expect(frames(chapters[0][20...]) == [Frame(id: "TIT2", body: [3] + Array("One".utf8))])
    #expect(chapters[1] == Array("ch1\0".utf8) + [0, 0, 0x05, 0xDC, 0x00, 0x36, 0xEE, 0x80] + none)
    #expect(chapters[2] == Array("ch2\0".utf8) + [0, 0, 0x13, 0x88, 0, 0, 0x13, 0x88] + none)
    #expect(chapters[3].count == 20)
  }

  @Test(arguments: [1, 999, 1001, 4_035, 16_383, 8_388_609])
  func noMillisecondIsLost(milliseconds: Int) throws {
    var tag = ID3Tag()
    tag.chapters = [ID3Tag.Chapter(start: .milliseconds(milliseconds), end: .zero, title: nil)]
    let body = try #require(frames(of: tag).first { $0.id == "CHAP" }).body
    #expect(body[4..<8].reduce(0) { $0 << 8 | Int($1) } == milliseconds)
  }

  @Test func manyChaptersHaveTablesOfTables() throws {
    var tag = ID3Tag()
    tag.chapters = (0..<1200).map {
      ID3Tag.Chapter(start: .seconds($0), end: .seconds($0 + 1), title: "\($0)")
    }
    let found = frames(of: tag)
    let tables = found.filter { $0.id == "CTOC" }.map(\.body)
    #expect(found.filter { $0.id == "CHAP" }.count == 1000)
    #expect(tables[0] == Array("toc\0".utf8) + [3, 4] + Array("toc0\0toc255\0toc510\0toc765\0".utf8))
    #expect(tables.dropFirst().map { $0[$0.firstIndex(of: 0)! + 2] } == [255, 255, 255, 235])
  }

  @Test func thePictureIsTheFrontCover() throws {
    var tag = ID3Tag()
    tag.picture = ID3Tag.Picture(mediaType: "image/png", bytes: [0xFF, 0, 0xE0])
    #expect(
      frames(of: tag).first { $0.id == "APIC" }?.body == [3] + Array("image/png\0".utf8) + [3, 0] + [0xFF, 0, 0xE0])
    let bytes = tag.encoded()
    let place = try #require(tag.picturePlace(inTagOf: bytes.count))
    #expect(Array(bytes[place]) == [0xFF, 0, 0xE0])
    tag.picture?.bytes = [UInt8](repeating: 1, count: 16 << 20 | 1)
    #expect(tag.picturePlace(inTagOf: 100) == nil)
    #expect(!frames(of: tag).contains { $0.id == "APIC" })
    tag.picture?.bytes = []
    #expect(!frames(of: tag).contains { $0.id == "APIC" })
  }

  @Test(.enabled(if: Judge.hasFFmpeg)) func ffprobeReadsTheTag() throws {
    var tag = ID3Tag()
    (tag.title, tag.artist, tag.comment, tag.date) = ("Tïtle", "Ärtist", "A comment", "2024-05-31")
    tag.chapters = [ID3Tag.Chapter(start: .zero, end: .milliseconds(500), title: "Öne")]
    let encoded = try encode(.tone(rate: 44100, channels: 1, count: 44100), .variable(quality: 5), tag: tag)
    let answer = try Judge.probe(
      encoded.bytes, ["-show_entries", "format_tags:chapter=start_time,end_time:chapter_tags", "-of", "flat"])
    for line in [
      "format.tags.title=\"Tïtle\"", "format.tags.artist=\"Ärtist\"", "format.tags.comment=\"A comment\"",
      "format.tags.date=\"2024-05-31\"", "format.tags.encoder=\"mp3spool\"",
      "chapters.chapter.0.start_time=\"0.000000\"",
      "chapters.chapter.0.end_time=\"0.500000\"", "chapters.chapter.0.tags.title=\"Öne\"",
    ] {
      #expect(answer.contains(line))
    }
  }
}
