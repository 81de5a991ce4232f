internal import CFFmpeg
internal import Glibc

/// A process that decodes one file, says so on its pipe, and ends.
enum DecoderChild {
  /// All that a child does. Only the zygote's fork calls it.
  static func run(_ request: DecodeRequest, input: CInt, output: CInt, parent: pid_t) -> Never {
    var pipe = OutputPipe(output)
    pipe.write(PipeFormat.greeting)
    do throws(DecodeFailure) {
      try Jail(input: input, output: output, parent: parent, limits: request.limits).enter()
      try decode(input, request, to: pipe)
    } catch {
      pipe.write(PipeWriter.failure(error))
    }
    _exit(0)
  }

  private static func decode(_ input: CInt, _ request: DecodeRequest, to pipe: OutputPipe) throws(DecodeFailure) {
    var request = request
    var file = try MediaFile(input, request.limits)
    let report = try SourceReport(file, request)
    if request.channels == .auto {
      let track = try TrackDecoder(TrackReader(file, stream: report.stream))
      request.channels = try ChannelSurvey.choose(track, limit: request.limits.maximumDuration)
      file = try file.reopened()
    }
    if request.allowsCopy, request.wantsWhole, report.codec == AV_CODEC_ID_MP3 {
      let survey = try FrameDelivery.survey(TrackReader(file, stream: report.stream), request)
      file = try file.reopened()
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
