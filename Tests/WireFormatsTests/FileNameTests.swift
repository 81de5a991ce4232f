import Testing
import WireFormats

@Suite struct FileNameTests {
  @Test(arguments: [
    "talk.mp4", ".hidden", "a b", "naïve 🎬.mkv", "...", "no extension", String(repeating: "x", count: 255),
  ])
  func aPlainNameIsAcceptedAsItIs(name: String) throws {
    #expect(try FileName.checked(name) == name)
  }

  @Test(arguments: [
    ("", FileNameError.empty), (".", .directory(".")), ("..", .directory("..")), ("a/b", .separator), ("/", .separator),
    ("..\\a", .separator), ("a\u{0}b", .control(0)), ("a\nb", .control(10)), ("a\r\nb", .control(13)),
    ("a\u{7F}", .control(0x7F)), ("a\u{9B}2J", .control(0x9B)), ("a\u{2028}b", .control(0x2028)),
    ("4pm.\u{202E}exe", .control(0x202E)), ("\u{2066}a", .control(0x2066)), ("\u{200F}a", .control(0x200F)),
    (String(repeating: "é", count: 128), .tooLong(256)), ("/\u{301}", .separator),
  ])
  func aNameThatCouldDoHarmIsRefused(name: String, error: FileNameError) {
    #expect(throws: error) { try FileName.checked(name) }
  }

  @Test func eachRefusalIsASentenceOfItsOwn() {
    let errors: [FileNameError] = [.empty, .directory(".."), .separator, .control(0x1B), .tooLong(300)]
    #expect(Set(errors.map(\.description)).count == errors.count)
    #expect(errors.allSatisfy { $0.description.hasSuffix(".") })
    #expect(FileNameError.control(0x1B).description.contains("U+001B"))
  }

  @Test func aNameOnDiskIsShownWithoutItsHarm() {
    #expect(FileName.displayable(Array("naïve.mp4".utf8)) == "naïve.mp4")
    #expect(FileName.displayable([0x61, 0xFF, 0x62]) == "a\u{FFFD}b")
    #expect(FileName.displayable([0x61, 0x1B, 0x0A]) == "a\u{FFFD}\u{FFFD}")
    #expect(FileName.displayable(Array("4pm.\u{202E}exe".utf8)) == "4pm.\u{FFFD}exe")
  }

  @Test(arguments: [
    ("talk.mp4", "talk.mp3"), ("talk", "talk.mp3"), ("talk.tar.gz", "talk.tar.mp3"), ("Dr. Who", "Dr. Who.mp3"),
    ("a.verylongext", "a.verylongext.mp3"), ("a.m2ts", "a.mp3"), ("a.", "a..mp3"), (".mp4", "mp4.mp3"),
    ("..talk.mp4", "talk.mp3"), ("...", "audio.mp3"), ("", "audio.mp3"), (".\u{301}x.mp4", "\u{301}x.mp3"),
    ("日本.mp4", "日本.mp3"), ("a.日本", "a.日本.mp3"), ("song.mp3", "song.mp3"),
  ])
  func theMP3IsNamedAfterTheVideo(video: String, mp3: String) {
    #expect(FileName.mp3Name(for: video) == mp3)
  }

  @Test func aCopyIsNumberedBeforeTheExtension() {
    #expect(FileName.mp3Name(for: "talk.mp4", copy: 1) == "talk.mp3")
    #expect(FileName.mp3Name(for: "talk.mp4", copy: 2) == "talk (2).mp3")
    #expect(FileName.mp3Name(for: "talk.mp4", copy: 12) == "talk (12).mp3")
  }

  @Test(arguments: [
    (nil, "talk.2.mp3"), ("deu", "talk.2.deu.mp3"), ("en", "talk.2.en.mp3"), ("und", "talk.2.mp3"),
    ("../x", "talk.2.mp3"), ("", "talk.2.mp3"), ("日本語", "talk.2.mp3"),
  ])
  func trackIsNamedByItsNumberAndLanguage(language: String?, mp3: String) {
    #expect(FileName.mp3Name(for: "talk.mp4", track: 2, language: language) == mp3)
  }

  @Test(arguments: ["x", "é", "🎬", "👨‍👩‍👧‍👦", "e\u{301}"], [1, 2, 1000])
  func aLongNameIsCutBetweenCharacters(character: String, copy: Int) {
    let name = FileName.mp3Name(for: String(repeating: character, count: 300) + ".mp4", copy: copy)
    let stem = name.dropLast(copy > 1 ? " (\(copy)).mp3".count : ".mp3".count)
    #expect(name.utf8.count <= 255)
    #expect(name.utf8.count > 255 - character.utf8.count)
    #expect(stem.allSatisfy { String($0) == character })
  }

  @Test func aNameOfOneEndlessCharacterStillGivesAName() {
    #expect(FileName.mp3Name(for: "e" + String(repeating: "\u{301}", count: 500)) == "audio.mp3")
  }

  @Test func anMP3NameIsAlwaysAnAcceptableName() throws {
    for name in ["talk.mp4", "...", String(repeating: "y", count: 255), "a.b.c"] {
      for copy in [1, 2, 99_999] {
        let mp3 = FileName.mp3Name(for: name, copy: copy)
        #expect(try FileName.checked(mp3) == mp3)
        #expect(!FileName.isPartial(mp3))
      }
    }
  }

  @Test(arguments: [
    ".talk.mp4", "talk.mp4.part", "talk.partial", "talk.tmp", "TALK.TMP", "talk.crdownload", "talk.filepart",
    "talk.mp4~",
    ".\u{301}hidden",
  ])
  func anUnfinishedFileIsKnownByItsName(name: String) { #expect(FileName.isPartial(name)) }

  @Test(arguments: ["talk.mp4", "part", "a.party", "~talk.mp4", "talk.part.mp4", "tmp"])
  func aFinishedFileIsNotTakenForAPartialOne(name: String) { #expect(!FileName.isPartial(name)) }
}
