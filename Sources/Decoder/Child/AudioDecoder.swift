internal import CFFmpeg
internal import Glibc

/// libavcodec's decoder of one track. It drops priming and padding itself, as the container tells it to.
@safe final class AudioDecoder {
  /// What became of a packet.
  enum Outcome {
    case taken
    /// It could not be decoded; libavcodec's code says why.
    case bad(CInt)
  }

  private let context: UnsafeMutablePointer<AVCodecContext>

  /// A decoder for this stream. Throws `unsupportedCodec` where there is none or it does not take the stream's
  /// parameters.
  init(_ stream: UnsafeMutablePointer<AVStream>) throws(DecodeFailure) {
    let parameters = unsafe stream.pointee.codecpar!
    guard let decoder = unsafe Self.decoder(parameters.pointee.codec_id) else {
      throw unsafe Self.unsupported(parameters.pointee.codec_id)
    }
    guard let context = unsafe avcodec_alloc_context3(decoder) else { throw DecodeFailure(.limitExceeded(.memory)) }
    unsafe self.context = context
    var code = unsafe avcodec_parameters_to_context(context, parameters)
    // With the unit of the timestamps libavcodec moves a frame's by what it drops of it (libavcodec/avcodec.h).
    unsafe context.pointee.pkt_timebase = unsafe stream.pointee.time_base
    unsafe context.pointee.thread_count = 1
    if code >= 0 { code = unsafe avcodec_open2(context, decoder, nil) }
    guard code >= 0 else {
      throw unsafe LibAV.resourceFailure(code) ?? Self.damaged(parameters.pointee.codec_id)
    }
  }

  deinit {
    var context: UnsafeMutablePointer<AVCodecContext>? = unsafe context
    unsafe avcodec_free_context(&context)
  }

  /// Has the usual decoders compute their tables, once for all children: each child would take milliseconds for it.
  static func prepare() {
    for codec in [AV_CODEC_ID_AAC, AV_CODEC_ID_MP3, AV_CODEC_ID_OPUS, AV_CODEC_ID_AC3, AV_CODEC_ID_FLAC] {
      guard let decoder = unsafe decoder(codec) else { continue }
      var context = unsafe avcodec_alloc_context3(decoder)
      unsafe context?.pointee.sample_rate = 48000
      unsafe context?.pointee.thread_count = 1
      if let context = unsafe context { unsafe av_channel_layout_default(&context.pointee.ch_layout, 2) }
      _ = unsafe avcodec_open2(context, decoder, nil)
      unsafe avcodec_free_context(&context)
    }
  }

  /// Whether a codec's decoder is known and allowed.
  static func canDecode(_ codec: AVCodecID) -> Bool { unsafe decoder(codec) != nil }

  /// Hands a packet over; nil says that the track has ended. Every frame that is ready must have been received before.
  func send(_ packet: UnsafeMutablePointer<AVPacket>?) -> Outcome {
    let code = unsafe avcodec_send_packet(context, packet)
    return code >= 0 || code == cffmpeg_error_end() ? .taken : .bad(code)
  }

  /// Puts the next frame into `frame`; nil where there is none for now, or any more.
  func receive(_ frame: Frame) -> Outcome? {
    let code = unsafe avcodec_receive_frame(context, frame.pointer)
    if code == cffmpeg_error(EAGAIN) || code == cffmpeg_error_end() { return nil }
    guard code >= 0 else { return .bad(code) }
    correctRate(of: frame)
    return .taken
  }

  /// The MPEG audio decoders allocate a frame before they note the rate of its header, so that the first frame of a new
  /// rate says the old one (decode_frame, libavcodec/mpegaudiodec_template.c).
  private func correctRate(of frame: Frame) {
    switch unsafe context.pointee.codec_id {
    case AV_CODEC_ID_MP1, AV_CODEC_ID_MP2, AV_CODEC_ID_MP3:
      unsafe frame.pointer.pointee.sample_rate = unsafe context.pointee.sample_rate
    default: break
    }
  }

  private static func decoder(_ codec: AVCodecID) -> UnsafePointer<AVCodec>? {
    guard let decoder = unsafe avcodec_find_decoder(codec) else { return nil }
    return unsafe Formats.decoders.contains(String(cString: decoder.pointee.name)) ? decoder : nil
  }

  private static func unsupported(_ codec: AVCodecID) -> DecodeFailure {
    guard codec != AV_CODEC_ID_NONE else { return DecodeFailure(.unsupportedCodec) }
    let name = unsafe String(cString: avcodec_get_name(codec))
    return DecodeFailure(.unsupportedCodec, "the audio is in the codec \(name), which mp3spool does not decode")
  }

  private static func damaged(_ codec: AVCodecID) -> DecodeFailure {
    let name = unsafe String(cString: avcodec_get_name(codec))
    return DecodeFailure(.unsupportedCodec, "the file describes its \(name) audio in a way that cannot be decoded")
  }
}

/// A frame that is filled again and again.
@safe final class Frame {
  let pointer: UnsafeMutablePointer<AVFrame>

  init() throws(DecodeFailure) {
    guard let pointer = unsafe av_frame_alloc() else { throw DecodeFailure(.limitExceeded(.memory)) }
    unsafe self.pointer = pointer
  }

  deinit {
    var pointer: UnsafeMutablePointer<AVFrame>? = unsafe pointer
    unsafe av_frame_free(&pointer)
  }

  var samples: Int { unsafe Int(pointer.pointee.nb_samples) }
  var rate: Int { unsafe Int(pointer.pointee.sample_rate) }
  var channels: Int { unsafe Int(pointer.pointee.ch_layout.nb_channels) }
  var sampleFormat: AVSampleFormat { unsafe AVSampleFormat(pointer.pointee.format) }

  /// Whether there is sound in it that can be played.
  var isPlayable: Bool {
    unsafe samples > 0 && rate > 0 && channels > 0 && pointer.pointee.extended_data != nil
      && av_get_bytes_per_sample(sampleFormat) > 0
  }

  /// When it plays, in its track's unit; `AV_NOPTS_VALUE` where nobody knows.
  var timestamp: Int64 { unsafe pointer.pointee.best_effort_timestamp }

  /// Where a sample of each channel begins (planar), or of all channels (packed).
  func planes(from first: Int) -> [UnsafePointer<UInt8>?] {
    let isPlanar = av_sample_fmt_is_planar(sampleFormat) != 0
    let step = Int(av_get_bytes_per_sample(sampleFormat)) * (isPlanar ? 1 : channels)
    return unsafe (0..<(isPlanar ? channels : 1)).map { plane in
      unsafe pointer.pointee.extended_data[plane].map { unsafe UnsafePointer($0 + first * step) }
    }
  }
}
