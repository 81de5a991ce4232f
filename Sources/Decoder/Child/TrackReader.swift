internal import CFFmpeg

/// The packets of the chosen track, one after the other.
struct TrackReader {
  /// So many failures of the demuxer in a row mean that nothing more comes.
  private static let mostFailuresInARow = 100

  let file: MediaFile
  let stream: Int
  let packet: Packet
  /// What could not be read or decoded.
  private(set) var warnings = 0
  private(set) var firstWarning: String?

  /// From now on only this stream is read.
  init(_ file: MediaFile, stream: Int) throws(DecodeFailure) {
    packet = try Packet()
    self.stream = stream
    file.readOnly(stream)
    self.file = file
  }

  /// Moves on to the track's next packet; false at its end, which a file that breaks off has as well. Throws where the
  /// file could not be read, and `encrypted`.
  mutating func advance() throws(DecodeFailure) -> Bool {
    var failures = 0
    while failures < Self.mostFailuresInARow {
      packet.clear()
      let code = try file.read(packet)
      if code == cffmpeg_error_end() { return false }
      if code < 0 {
        failures += 1
        warn(code)
        if let failure = LibAV.resourceFailure(code) { throw failure }
      } else if packet.stream == stream {
        if packet.isEncrypted { throw DecodeFailure(.encrypted) }
        return true
      }
    }
    return false
  }

  /// Counts something that was left out.
  mutating func warn(_ code: CInt) {
    warnings += 1
    firstWarning = firstWarning ?? LibAV.sentence(code)
  }

  /// Goes on counting where another reader of the track left off.
  mutating func adoptWarnings(of other: TrackReader) {
    warnings += other.warnings
    firstWarning = other.firstWarning ?? firstWarning
  }

  /// A time of the track's in the timeline's unit.
  func time(_ timestamp: Int64) -> Int64? {
    LibAV.rescale(timestamp, unsafe file.stream(stream).pointee.time_base, per: Timeline.unitsPerSecond)
  }

  /// What the container says of this track's times.
  func clock() -> Timeline.Clock {
    let units = Timeline.unitsPerSecond
    let others = (0..<file.streamCount).filter { $0 != stream }
    return Timeline.Clock(
      storesTimes: Formats.hasClock(file.format), ownStart: file.start(ofStream: stream, per: units),
      othersStart: others.compactMap { file.start(ofStream: $0, per: units) }.min(),
      declared: file.declaredDuration(per: units), codecPauses: codecPauses)
  }

  /// Codecs of telephony send nothing, or almost nothing, while nobody speaks.
  private var codecPauses: Bool {
    switch unsafe file.stream(stream).pointee.codecpar.pointee.codec_id {
    case AV_CODEC_ID_OPUS, AV_CODEC_ID_SPEEX, AV_CODEC_ID_AMR_NB, AV_CODEC_ID_AMR_WB: true
    default: false
    }
  }
}
