/// The messages of a decoder child as bytes. Pure: whoever has the pipe writes them.
enum PipeWriter {
  /// Type and length, which the payload follows.
  static func head(_ message: PipeFormat.Message, payload: Int) -> [UInt8] {
    var writer = ByteWriter()
    writer.write(message.rawValue)
    writer.write(UInt32(payload))
    return writer.bytes
  }

  /// The header, and the picture where there is one.
  static func description(_ source: SourceDescription) -> [UInt8] {
    var writer = ByteWriter()
    writer.write(source.delivery.rawValue)
    writer.write(UInt32(source.sampleRate))
    writer.write(UInt8(source.channels))
    writer.write(UInt32(clamping: source.sourceRate))
    writer.write(UInt16(clamping: source.sourceChannels))
    writer.write(source.declaredDuration)
    writer.write(source.startOffset)
    writer.write(UInt16(source.trackCount))
    writer.write(UInt16(source.chosenTrack))
    writer.write(source.container)
    writer.write(source.codec)
    writer.write(UInt8(source.picture == nil ? 0 : 1))
    write(source.tags, to: &writer)
    write(source.chapters, to: &writer)
    return message(.header, writer.bytes) + (source.picture.map(picture) ?? [])
  }

  static func frame(_ frame: Span<UInt8>) -> [UInt8] {
    var bytes = head(.frame, payload: frame.count)
    unsafe frame.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
    return bytes
  }

  static func progress(_ position: Duration) -> [UInt8] {
    var writer = ByteWriter()
    writer.write(position)
    return message(.progress, writer.bytes)
  }

  static func end(_ summary: DecodeSummary) -> [UInt8] {
    var writer = ByteWriter()
    writer.write(UInt64(summary.samples))
    writer.write(UInt32(clamping: summary.warnings))
    writer.write(summary.firstWarning ?? "", limit: 1024)
    writer.write(UInt32(clamping: summary.encoderDelay))
    writer.write(UInt32(clamping: summary.encoderPadding))
    return message(.end, writer.bytes)
  }

  /// A failure of one of the kinds in `ReportedFailure`; any other is said to be `unavailable`.
  static func failure(_ failure: DecodeFailure) -> [UInt8] {
    var writer = ByteWriter()
    writer.write((ReportedFailure(failure.kind) ?? .unavailable).rawValue)
    if case .limitExceeded(let limit) = failure.kind { writer.write(limit.rawValue) } else { writer.write(UInt8(0)) }
    writer.write(failure.sentence, limit: 1024)
    return message(.failure, writer.bytes)
  }

  private static func message(_ message: PipeFormat.Message, _ payload: [UInt8]) -> [UInt8] {
    head(message, payload: payload.count) + payload
  }

  private static func picture(_ picture: SourceDescription.Picture) -> [UInt8] {
    let kind: [UInt8] = [picture.mediaType == "image/png" ? 2 : 1]
    return message(.picture, kind + picture.bytes)
  }

  private static func write(_ tags: SourceTags, to writer: inout ByteWriter) {
    let present = PipeFormat.tagKeys.compactMap { entry in tags[keyPath: entry.path].map { (entry.key, $0) } }
    writer.write(UInt8(present.count))
    for (key, text) in present {
      writer.write(key)
      writer.write(text, limit: PipeFormat.largestText)
    }
  }

  private static func write(_ chapters: [SourceDescription.Chapter], to writer: inout ByteWriter) {
    let kept = chapters.prefix(PipeFormat.mostChapters)
    writer.write(UInt16(kept.count))
    for chapter in kept {
      writer.write(chapter.start)
      writer.write(chapter.end)
      writer.write(chapter.title ?? "", limit: PipeFormat.largestChapterTitle)
    }
  }
}
