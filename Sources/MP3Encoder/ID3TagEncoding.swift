extension ID3Tag {
  /// The tag's bytes: ID3v2.4.0 with texts in UTF-8, without padding and without unsynchronisation.
  ///
  /// Never empty: `TSSE` says at least that mp3spool made the file. What is too long for a tag that players read is shortened:
  /// a text to 4 KiB, the comment to 64 KiB, chapters to the first 1000. A picture over 16 MiB is left out, and so is a date or a
  /// language that ID3 cannot express.
  public func encoded() -> [UInt8] {
    let frames = textFrames + commentFrames + chapterFrames + pictureFrames
    // ID3v2.4.0 structure, 3.1: major version 4, revision 0, no flags.
    return Array("ID3".utf8) + [4, 0, 0] + synchsafe(frames.count) + frames
  }

  private var textFrames: [UInt8] {
    let texts: [(String, String?)] = [
      ("TIT2", title), ("TPE1", artist), ("TALB", album), ("TPE2", albumArtist), ("TDRC", date.flatMap(timestamp)),
      ("TCON", genre), ("TRCK", track), ("TCOM", composer), ("TCOP", copyright), ("TLAN", languageCode),
      ("TSSE", "mp3spool"),
    ]
    return texts.flatMap { id, text in textFrame(id, text) }
  }

  /// ID3v2.4.0 frames, 4.10. "XXX" is the language that is not known.
  private var commentFrames: [UInt8] {
    let text = textBytes(comment, limit: 64 << 10)
    guard !text.isEmpty else { return [] }
    return frame("COMM", [utf8] + Array((languageCode ?? "XXX").utf8) + [0] + text)
  }

  /// ID3v2.4.0 frames, 4.14: kind 3 is the front cover; it has no description here.
  private var pictureFrames: [UInt8] {
    guard let picture = writtenPicture else { return [] }
    return frame("APIC", [utf8] + textBytes(picture.mediaType, limit: 64) + [0, 3, 0] + picture.bytes)
  }

  private var writtenPicture: Picture? { picture.flatMap { 1...16 << 20 ~= $0.bytes.count ? $0 : nil } }

  /// Where the picture's bytes are in a tag that is `length` bytes long: its frame is the last, and they are the last of it.
  /// nil where there is none.
  func picturePlace(inTagOf length: Int) -> Range<Int>? { writtenPicture.map { length - $0.bytes.count..<length } }

  /// Three lower-case letters, or nil where the language is not known.
  private var languageCode: String? {
    guard let code = language?.lowercased(), code.utf8.count == 3, code != "und" else { return nil }
    return code.utf8.allSatisfy { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) } ? code : nil
  }
}

// MARK: - Chapters

extension ID3Tag {
  /// ID3v2 Chapter Frame Addendum 1.0: one CHAP for each chapter, and CTOCs that put them in order.
  private var chapterFrames: [UInt8] {
    let kept = chapters.prefix(1000).enumerated()
    let names = kept.map { "ch\($0.offset)" }
    return contentsFrames(names) + kept.flatMap { chapterFrame(names[$0.offset], $0.element) }
  }

  /// A table of contents has at most 255 entries: beyond that, one whose entries are tables.
  private func contentsFrames(_ names: [String]) -> [UInt8] {
    guard names.count > 255 else { return names.isEmpty ? [] : contentsFrame("toc", names, isTop: true) }
    let starts = Array(stride(from: 0, to: names.count, by: 255))
    let parts = starts.flatMap { start in
      contentsFrame("toc\(start)", names[start..<min(start + 255, names.count)], isTop: false)
    }
    return contentsFrame("toc", starts.map { "toc\($0)" }, isTop: true) + parts
  }

  /// Flags: bit 0 says that the entries are in order, bit 1 that no other table contains this one.
  private func contentsFrame(_ name: String, _ entries: some Collection<String>, isTop: Bool) -> [UInt8] {
    let body = terminated(name) + [isTop ? 0b11 : 0b01, UInt8(entries.count)]
    return frame("CTOC", body + entries.flatMap(terminated))
  }

  /// The byte offsets of all ones mean that only the times count.
  private func chapterFrame(_ name: String, _ chapter: Chapter) -> [UInt8] {
    let start = milliseconds(chapter.start)
    var body = terminated(name)
    body.append(bigEndian: start)
    body.append(bigEndian: max(start, milliseconds(chapter.end)))
    body += [UInt8](repeating: 0xFF, count: 8)
    return frame("CHAP", body + textFrame("TIT2", chapter.title))
  }

  private func milliseconds(_ time: Duration) -> UInt32 {
    let (seconds, attoseconds) = max(.zero, min(time, .seconds(UInt32.max / 1000))).components
    return UInt32(clamping: seconds * 1000 + attoseconds / 1_000_000_000_000_000)
  }
}

// MARK: - Frames

/// The encoding of a text: ID3v2.4.0 structure, 4.
private let utf8: UInt8 = 3

private func textFrame(_ id: String, _ text: String?) -> [UInt8] {
  let bytes = textBytes(text, limit: 4 << 10)
  return bytes.isEmpty ? [] : frame(id, [utf8] + bytes)
}

/// ID3v2.4.0 structure, 4: the name, the length, no flags.
private func frame(_ id: String, _ body: [UInt8]) -> [UInt8] {
  Array(id.utf8) + synchsafe(body.count) + [0, 0] + body
}

/// UTF-8 without NUL, cut between two characters after at most `limit` bytes.
private func textBytes(_ text: String?, limit: Int) -> [UInt8] {
  var bytes = (text ?? "").utf8.filter { $0 != 0 }
  guard bytes.count > limit else { return bytes }
  var end = limit
  while bytes[end] & 0b1100_0000 == 0b1000_0000 { end -= 1 }
  bytes.removeSubrange(end...)
  return bytes
}

private func terminated(_ name: String) -> [UInt8] { Array(name.utf8) + [0] }

/// Four bytes of seven bits: ID3v2.4.0 structure, 6.2.
private func synchsafe(_ count: Int) -> [UInt8] {
  [21, 14, 7, 0].map { UInt8(truncatingIfNeeded: count >> $0 & 0x7F) }
}

/// The longest front of `date` that is a timestamp of ID3v2.4 (structure, 4), or nil: `2024-05-31 18:00Z` gives `2024-05-31T18:00`.
private func timestamp(_ date: String) -> String? {
  let pattern = Array("dddd-dd-ddTdd:dd:dd".utf8)
  let date = Array(date.utf8.prefix(pattern.count)).map { $0 == UInt8(ascii: " ") ? UInt8(ascii: "T") : $0 }
  let matching = zip(date, pattern).prefix { byte, wanted in
    wanted == UInt8(ascii: "d") ? (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) : byte == wanted
  }
  guard let length = [19, 16, 13, 10, 7, 4].first(where: { $0 <= matching.count }) else { return nil }
  return String(decoding: date.prefix(length), as: UTF8.self)
}
