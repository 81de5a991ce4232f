import CFFmpeg
import Glibc

@testable import Decoder

/// All that a child does with a file, outside the jail and without a process of its own: what it writes must be what
/// its reader takes. libav* itself has no sanitizer in it, so only what it does to the heap or the stack is seen.
enum DecoderTarget {
  private static let input = ScratchFile()

  /// In place of the pipe.
  private static let output: ScratchFile = {
    let file = ScratchFile()
    require(dup2(file.descriptor, Jail.output) == Jail.output, "there is a descriptor \(Jail.output)")
    cffmpeg_silence_log()
    AudioDecoder.prepare()
    return file
  }()

  @Sendable static func run(_ bytes: [UInt8]) {
    let request = request(bytes)
    input.replace(with: bytes)
    output.replace(with: PipeFormat.greeting)
    decode(request)
    let reading = PipeReading(output.bytes, request.limits)
    require(reading.violation == nil, "the service takes what a child says: \(reading.violation ?? "")")
    require(reading.isWhole, "a child says how it ends")
  }

  private static func decode(_ request: DecodeRequest) {
    do throws(DecodeFailure) {
      try DecoderChild.decode(request, InputFile(input.descriptor))
    } catch {
      var pipe = OutputPipe(Jail.output)
      pipe.write(PipeWriter.failure(error))
    }
  }

  /// A request that depends on the file, so that all kinds are tried and each is tried again with the same bytes.
  private static func request(_ bytes: [UInt8]) -> DecodeRequest {
    let kind = (bytes.last ?? 0) ^ (bytes.dropLast().last ?? 0)
    var request = DecodeRequest(allowsCopy: kind & 1 == 0)
    if kind & 6 == 6 { request.channels = .auto }
    if kind & 24 == 24 { (request.start, request.end) = (.milliseconds(500), .milliseconds(1500)) }
    request.limits.maximumDuration = .seconds(10)
    request.limits.allocation = 64 << 20
    return request
  }
}
