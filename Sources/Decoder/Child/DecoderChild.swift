internal import CFFmpeg
internal import CLinux
internal import Glibc

/// A process that decodes one file, says so on its pipe, and ends.
enum DecoderChild {
  /// What a child does in its jail.
  typealias Work = (DecodeRequest, InputFile) throws(DecodeFailure) -> Void

  /// All that a child does. Only the zygote's fork calls it.
  static func run(_ request: DecodeRequest, input: CInt, output: CInt, _ jail: Jail, _ work: Work) -> Never {
    keep(input, output)
    var pipe = OutputPipe(Jail.output)
    pipe.write(PipeFormat.greeting)
    do throws(DecodeFailure) {
      let file = try InputFile(Jail.input)
      _ = try jail.enter()
      try work(request, file)
    } catch {
      pipe.write(PipeWriter.failure(error))
    }
    _exit(0)
  }

  /// Enters the jail only to report on it, as bytes of `JailReport`; nothing is said where it can't be entered at all.
  static func report(output: CInt, _ jail: Jail) -> Never {
    keep(0, output)
    guard let report = try? jail.enter() else { _exit(71) }  // EX_OSERR, sysexits.h
    var pipe = OutputPipe(Jail.output)
    pipe.write(report.bytes)
    _exit(0)
  }

  private static func keep(_ input: CInt, _ output: CInt) {
    if clinux_keep_two_descriptors(input, output) != 0 { _exit(71) }  // EX_OSERR, sysexits.h
  }

  /// Decodes the file onto the pipe.
  static func decode(_ request: DecodeRequest, _ input: InputFile) throws(DecodeFailure) {
    var request = request
    let pipe = OutputPipe(Jail.output)
    av_max_alloc(request.limits.allocation)
    var file = try MediaFile(input, request.limits)
    let report = try SourceReport(file, request)
    if Formats.jumpsToSamples(file.format), ForeignTracks(input).numbers.contains(file.number(ofStream: report.stream))
    {
      throw DecodeFailure(.noSamples, "the audio is in another file, which this one only names")
    }
    if request.channels == .auto {
      let track = try TrackDecoder(TrackReader(file, stream: report.stream))
      request.channels = try ChannelSurvey.choose(track, limit: request.limits.maximumDuration)
      file = try file.reopened()
    }
    if request.allowsCopy, request.wantsWhole, report.codec == AV_CODEC_ID_MP3 {
      let survey = try FrameDelivery.survey(TrackReader(file, stream: report.stream), request)
      if survey?.frames == nil { file = try file.reopened() }
      if let survey {
        var delivery = FrameDelivery(try TrackReader(file, stream: report.stream), survey)
        return try delivery.run(request, report, to: pipe)
      }
    }
    var delivery = PCMDelivery(try TrackDecoder(TrackReader(file, stream: report.stream)), request)
    try delivery.run(request, report, to: pipe)
  }
}

extension DecodeRequest {
  fileprivate var wantsWhole: Bool { start == nil && end == nil }
}
