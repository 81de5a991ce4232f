internal import CFFmpeg
internal import Glibc

/// A container that libavformat has understood.
@safe final class MediaFile {
  let context: UnsafeMutablePointer<AVFormatContext>
  private let input: MediaInput
  private let source: InputFile
  private let limits: DecodeLimits
  private var foresight: Foresight?

  /// Reads the head of a file.
  ///
  /// Nothing but its descriptor is ever read: the file has no name, no protocol is allowed, and a demuxer that asks
  /// for another file is refused. No decoder outside `Formats.decoders` is opened, so none of video.
  init(_ source: InputFile, _ limits: DecodeLimits) throws(DecodeFailure) {
    let input = try MediaInput(source)
    guard var context = unsafe avformat_alloc_context() else { throw DecodeFailure(.limitExceeded(.memory)) }
    unsafe context.pointee.pb = input.context
    unsafe context.pointee.flags |= AVFMT_FLAG_CUSTOM_IO
    unsafe cffmpeg_forbid_nested_opens(context)
    try unsafe Self.open(&context, input, limits)
    unsafe self.context = context
    self.input = input
    (self.source, self.limits) = (source, limits)
    try learnStreams(limits)
  }

  deinit {
    var context: UnsafeMutablePointer<AVFormatContext>? = unsafe context
    unsafe avformat_close_input(&context)
  }

  /// The same file, opened once more and not read yet.
  func reopened() throws(DecodeFailure) -> MediaFile { try MediaFile(source, limits) }

  /// The demuxer's names.
  var format: String { unsafe String(cString: context.pointee.iformat.pointee.name) }

  var streamCount: Int { unsafe Int(context.pointee.nb_streams) }

  func stream(_ index: Int) -> UnsafeMutablePointer<AVStream> { unsafe context.pointee.streams[index]! }

  /// The number by which the container itself knows a stream.
  func number(ofStream index: Int) -> Int { unsafe Int(stream(index).pointee.id) }

  /// Has only this stream's packets be read: the others' bytes are skipped where the container lets that be.
  func readOnly(_ chosen: Int) {
    for index in 0..<streamCount where index != chosen { unsafe stream(index).pointee.discard = AVDISCARD_ALL }
    if Formats.jumpsToSamples(format) {
      input.readSelectively()
      foresight = Foresight(stream: chosen)
    }
  }

  /// Puts the next packet of whatever stream into `packet`; the result is libavformat's. Throws where the file itself
  /// could not be read.
  func read(_ packet: Packet) throws(DecodeFailure) -> CInt {
    foresee()
    let code = unsafe av_read_frame(context, packet.pointer)
    if code < 0 { try checkInput() }
    return code
  }

  /// Moves on in the index and has coming samples fetched. A wrong guess costs only time.
  private func foresee() {
    guard var present = foresight else { return }
    let stream = unsafe stream(present.stream)
    let count = unsafe Int(avformat_index_get_entries_count(stream))
    present.read += 1
    while present.foreseen < min(count, present.read + Foresight.depth) {
      if let entry = unsafe avformat_index_get_entry(stream, CInt(present.foreseen)) {
        unsafe input.foresee(Int(entry.pointee.pos), Int(entry.pointee.size))
      }
      present.foreseen += 1
    }
    foresight = present
  }

  /// Goes to the stream's packet of this time or to the last before it; false where the demuxer can't.
  func seek(_ stream: Int, to timestamp: Int64) -> Bool {
    guard unsafe av_seek_frame(context, CInt(stream), timestamp, AVSEEK_FLAG_BACKWARD) >= 0 else { return false }
    if foresight != nil {
      let entry = unsafe av_index_search_timestamp(self.stream(stream), timestamp, AVSEEK_FLAG_BACKWARD)
      foresight = Foresight(stream: stream, read: max(0, Int(entry)), foreseen: max(0, Int(entry)))
    }
    return true
  }

  /// What the container says about its duration; nil for nothing or for nonsense.
  func declaredDuration(per second: Int64) -> Int64? {
    let base = AVRational(num: 1, den: AV_TIME_BASE)
    guard let duration = unsafe LibAV.rescale(context.pointee.duration, base, per: second), duration > 0 else {
      return nil
    }
    return duration
  }

  /// When a track of sound or moving pictures begins; nil for other streams and where nobody knows.
  func start(ofStream index: Int, per second: Int64) -> Int64? {
    let stream = unsafe stream(index)
    let type = unsafe stream.pointee.codecpar.pointee.codec_type
    let isPicture = unsafe stream.pointee.disposition & AV_DISPOSITION_ATTACHED_PIC != 0
    guard type == AVMEDIA_TYPE_AUDIO || type == AVMEDIA_TYPE_VIDEO && !isPicture else { return nil }
    return unsafe LibAV.rescale(stream.pointee.start_time, stream.pointee.time_base, per: second)
  }

  private func learnStreams(_ limits: DecodeLimits) throws(DecodeFailure) {
    guard streamCount <= limits.streams else { throw DecodeFailure(.limitExceeded(.streams)) }
    // Other failures leave the streams as the container describes them, which is enough or is found out later.
    let code = unsafe avformat_find_stream_info(context, nil)
    try checkInput()
    if let failure = LibAV.resourceFailure(code) { throw failure }
    guard streamCount <= limits.streams else { throw DecodeFailure(.limitExceeded(.streams)) }
  }

  private func checkInput() throws(DecodeFailure) {
    guard input.failure == 0 else { throw .unavailable("the file cannot be read", input.failure) }
  }

  private static func open(
    _ context: inout UnsafeMutablePointer<AVFormatContext>, _ input: MediaInput, _ limits: DecodeLimits
  ) throws(DecodeFailure) {
    var options: OpaquePointer? = nil
    defer { unsafe av_dict_free(&options) }
    for (name, value) in Self.options(limits) { unsafe av_dict_set(&options, name, value, 0) }
    // The name is empty: no demuxer can derive another one from it. A failure frees the context.
    var opened: UnsafeMutablePointer<AVFormatContext>? = unsafe context
    let code = unsafe avformat_open_input(&opened, "", nil, &options)
    guard code >= 0 else {
      if input.failure != 0 { throw .unavailable("the file cannot be read", input.failure) }
      throw LibAV.resourceFailure(code) ?? DecodeFailure(.notMedia)
    }
  }

  /// AVFormatContext's options (libavformat/options_table.h).
  private static func options(_ limits: DecodeLimits) -> [(String, String)] {
    [
      ("format_whitelist", Formats.demuxers.joined(separator: ",")),
      ("codec_whitelist", Formats.decoders.joined(separator: ",")),
      ("protocol_whitelist", "none"),
      ("probesize", String(limits.probeBytes)),
      // What tells the container has a limit of its own, a mebibyte (PROBE_BUF_MAX, libavformat/internal.h).
      ("formatprobesize", String(min(limits.probeBytes, 1 << 20))),
      ("analyzeduration", String(limits.analyzeDuration.microseconds)),
      // Room to see that there are too many, rather than a demuxer's failure half way.
      ("max_streams", String(max(1000, limits.streams))),
      // A video's frame rate is of no interest, so no frame is read for it.
      ("fpsprobesize", "0"),
    ]
  }
}

/// How far a stream has been read and how far its samples are known to the system.
private struct Foresight {
  /// Samples that a disk may fetch at once.
  static let depth = 64

  let stream: Int
  var read = 0
  var foreseen = 0
}
