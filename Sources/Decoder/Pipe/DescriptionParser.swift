import WireFormats

/// Reads the payloads of headers and pictures, believing nothing.
enum DescriptionParser {
  /// The description in a header, and whether a picture follows; nil where it is not whole or out of range.
  static func header(_ payload: [UInt8]) -> (source: SourceDescription, picture: Bool)? {
    var reader = ByteReader(payload)
    guard var source = format(&reader), let picture = reader.number(UInt8.self), picture <= 1,
      let tags = tags(&reader), let chapters = chapters(&reader), reader.isAtEnd
    else { return nil }
    source.tags = tags
    source.chapters = chapters
    return (source, picture == 1)
  }

  /// The picture, if its bytes begin as those of its type must.
  static func picture(_ payload: [UInt8]) -> SourceDescription.Picture? {
    let bytes = payload.dropFirst()
    switch payload.first {
    case 1 where bytes.starts(with: [0xFF, 0xD8, 0xFF]): return .init(mediaType: "image/jpeg", bytes: Array(bytes))
    case 2 where bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]):
      return .init(mediaType: "image/png", bytes: Array(bytes))
    default: return nil
    }
  }

  private static func format(_ reader: inout ByteReader) -> SourceDescription? {
    var source = SourceDescription()
    guard let delivery = reader.number(UInt8.self).flatMap(SourceDescription.Delivery.init(rawValue:)),
      let rate = reader.number(UInt32.self), MP3Rates.all.contains(Int(rate)),
      let channels = reader.number(UInt8.self), 1...2 ~= channels,
      let sourceRate = reader.number(UInt32.self), let sourceChannels = reader.number(UInt16.self),
      let declared = reader.duration(), let offset = reader.duration(),
      let trackCount = reader.number(UInt16.self), let track = reader.number(UInt16.self), track >= 1,
      track <= trackCount,
      let container = reader.countedText(limit: 40).flatMap(PlainText.name),
      let codec = reader.countedText(limit: 40).flatMap(PlainText.name)
    else { return nil }
    source.delivery = delivery
    (source.sampleRate, source.channels) = (Int(rate), Int(channels))
    (source.sourceRate, source.sourceChannels) = (Int(sourceRate), Int(sourceChannels))
    (source.declaredDuration, source.startOffset) = (declared.map(bounded), bounded(offset ?? .zero))
    (source.trackCount, source.chosenTrack) = (Int(trackCount), Int(track))
    (source.container, source.codec) = (container, codec)
    return source
  }

  private static func bounded(_ time: Duration) -> Duration { min(time, PipeFormat.longestTime) }

  /// Each key at most once, in their order.
  private static func tags(_ reader: inout ByteReader) -> SourceTags? {
    guard let count = reader.number(UInt8.self) else { return nil }
    var tags = SourceTags()
    var total = 0
    var last: UInt8 = 0
    for _ in 0..<count {
      guard let key = reader.number(UInt8.self), let bytes = reader.countedText(limit: PipeFormat.largestText),
        let entry = PipeFormat.tagKeys.first(where: { $0.key == key }), key > last
      else { return nil }
      last = key
      total += bytes.count
      guard total <= PipeFormat.allTagText else { return nil }
      tags[keyPath: entry.path] = PlainText.clean(bytes, limit: PipeFormat.largestText)
    }
    return tags
  }

  private static func chapters(_ reader: inout ByteReader) -> [SourceDescription.Chapter]? {
    guard let count = reader.number(UInt16.self), count <= PipeFormat.mostChapters else { return nil }
    var chapters: [SourceDescription.Chapter] = []
    for _ in 0..<count {
      guard case .some(.some(let start)) = reader.duration(), case .some(.some(let end)) = reader.duration(),
        start <= end, let title = reader.countedText(limit: PipeFormat.largestChapterTitle)
      else { return nil }
      let text = PlainText.clean(title, limit: PipeFormat.largestChapterTitle)
      chapters.append(.init(start: bounded(start), end: bounded(end), title: text))
    }
    return chapters
  }
}
