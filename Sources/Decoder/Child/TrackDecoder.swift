internal import CFFmpeg

/// The decoded frames of the chosen track, one after the other.
struct TrackDecoder {
  private(set) var reader: TrackReader
  /// The present frame, filled again for each.
  let frame: Frame
  private let decoder: AudioDecoder
  private var hasEnded = false

  /// Decodes the reader's track. Throws `unsupportedCodec`.
  init(_ reader: TrackReader) throws(DecodeFailure) {
    decoder = try unsafe AudioDecoder(reader.file.stream(reader.stream))
    frame = try Frame()
    self.reader = reader
  }

  /// When the present frame plays and for how long, in the timeline's unit.
  var start: Int64? { reader.time(frame.timestamp) }
  var length: Int64 { Int64(frame.samples) * Timeline.unitsPerSecond / Int64(frame.rate) }

  /// Decodes until there is a frame that can be played; false at the track's end.
  mutating func advance() throws(DecodeFailure) -> Bool {
    while true {
      switch decoder.receive(frame) {
      case .taken: if frame.isPlayable { return true }
      case .bad(let code): try warn(code)
      case nil: if try !feed() { return false }
      }
    }
  }

  /// Another decoder of the same track that has just gone to its packet of this time and decoded that. Nil where the
  /// container led elsewhere or the packet gives nothing.
  func leapt(to timestamp: Int64) throws(DecodeFailure) -> TrackDecoder? {
    var other = try TrackDecoder(TrackReader(reader.file.reopened(), stream: reader.stream))
    guard other.reader.file.seek(reader.stream, to: timestamp), try other.advance() else { return nil }
    other.reader.adoptWarnings(of: reader)
    return other.frame.timestamp == timestamp ? other : nil
  }

  /// Whether the present frames of both are of one format and length.
  func looksLike(_ other: TrackDecoder) -> Bool {
    frame.samples == other.frame.samples && AudioFormat(frame) == AudioFormat(other.frame)
  }

  /// Gives the decoder a packet, or word of the end; false where it has both.
  private mutating func feed() throws(DecodeFailure) -> Bool {
    guard !hasEnded else { return false }
    hasEnded = try !reader.advance()
    if case .bad(let code) = unsafe decoder.send(hasEnded ? nil : reader.packet.pointer) { try warn(code) }
    return true
  }

  private mutating func warn(_ code: CInt) throws(DecodeFailure) {
    if let failure = LibAV.resourceFailure(code) { throw failure }
    reader.warn(code)
  }
}
