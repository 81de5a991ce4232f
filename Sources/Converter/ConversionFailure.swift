import Decoder
public import DurableFiles
import MP3Encoder
public import Spool

/// Why a file did not become an MP3.
public struct ConversionFailure: Error, Sendable, CustomStringConvertible {
  /// A short word for programs, such as `no-audio-track`.
  public let code: String
  /// A sentence for people.
  public let description: String
  /// The file is at fault: another attempt would end the same way.
  public let isCertain: Bool
  /// The host is at fault, its disk or its file server, and not the file.
  public private(set) var isOfHost = false
  /// The file system's answer, where that was the reason.
  public private(set) var cause: FileError?

  /// What ended the decoder over it, where something did.
  private(set) var death: DecoderDeath?

  /// It was stopped, not failed.
  var isCancellation: Bool { code == "cancelled" }

  /// The decoder was ended since it gave nothing for too long.
  var isTimeout: Bool { code == "timed-out" }

  /// The same, but for whose fault it is.
  var blamedOnHost: ConversionFailure {
    var failure = self
    failure.isOfHost = true
    return failure
  }

  /// The same for the job's own files.
  public var forJob: JobFailure {
    JobFailure(code: code, sentence: description, isCertain: isCertain, isOfHost: isOfHost)
  }

  init(code: String, _ sentence: String, isCertain: Bool) {
    self.code = code
    description = sentence
    self.isCertain = isCertain
  }

  init(_ failure: DecodeFailure) {
    self.init(code: failure.code, failure.description, isCertain: failure.isCertain)
    death = DecoderDeath(failure)
  }

  init(_ error: EncoderError) { self.init(code: "not-encodable", error.description, isCertain: true) }

  init(_ error: FileError) {
    self.init(code: error.isOutOfSpace ? "disk-full" : "file-error", error.description, isCertain: false)
    cause = error
    isOfHost = error.isTemporary
  }

  init(_ error: SpoolError) {
    self.init(code: error.isOutOfSpace ? "disk-full" : "spool-error", error.description, isCertain: false)
    isOfHost = error.isTemporary
  }

  /// Any error of the modules that a conversion is made of.
  init(anything error: any Error) {
    switch error {
    case let error as ConversionFailure: self = error
    case let error as DecodeFailure: self.init(error)
    case let error as EncoderError: self.init(error)
    case let error as MP3Failure<FileError>: self.init(error)
    case let error as FileError: self.init(error)
    case let error as SpoolError: self.init(error)
    default: self.init(code: "bug", "an error inside mp3spool: \(error)", isCertain: false)
    }
  }

  init(_ failure: MP3Failure<FileError>) {
    switch failure {
    case .encoder(let error): self.init(error)
    case .output(let error): self.init(error)
    }
  }
}

extension DecodeFailure {
  static let unexpectedDelivery = DecodeFailure(
    .violatedProtocol("delivery"), "the decoder gave something else than it had announced")

  static let noMoreTracks = DecodeFailure(.noSuchTrack, "").code
  /// What would be said of each track, as it is about none of them.
  static let ofWholeFile = [DecodeFailure(.noAudioTrack, "").code, DecodeFailure(.notMedia, "").code]

  /// The kind as one word: `no-audio-track`, `limit-exceeded`.
  var code: String {
    let name = "\(kind)".prefix { $0.isLetter }
    return name.reduce(into: "") { word, letter in
      if letter.isUppercase { word += "-" }
      word += letter.lowercased()
    }
  }
}
