import Glibc

/// Why PCM could not become an MP3: what is wrong with the settings or the audio, or what LAME refused.
public struct EncoderError: Error, Sendable, Hashable, CustomStringConvertible {
  /// LAME's return value (negative, lame.h), where it was LAME that failed.
  public let lameCode: Int32?
  /// A whole sentence for the person who reads the log.
  public let description: String

  init(_ description: String, lameCode: Int32? = nil) {
    self.description = description
    self.lameCode = lameCode
  }
}

extension EncoderError {
  static let noAudio = EncoderError("There is no audio to encode.")
  static let outOfMemory = EncoderError("LAME could not get the memory for an encoder.", lameCode: -2)

  static func brokenFrame(at offset: Int) -> EncoderError {
    EncoderError("The bytes at \(offset) are not a whole MP3 frame.")
  }

  static let mixedFrames = EncoderError("The MP3 changes its sample rate or its channels on the way.")

  /// pthread_create(3): EAGAIN, for the host or a limit has no room for one more.
  static func noThread(code: Int32) -> EncoderError {
    EncoderError("No thread for encoding could be started: \(unsafe String(cString: strerror(code))).")
  }

  static func refused(_ settings: EncoderSettings, code: Int32) -> EncoderError {
    EncoderError("LAME refused the settings \(settings) (code \(code)).", lameCode: code)
  }

  static func encodingFailed(code: Int32) -> EncoderError {
    EncoderError("LAME failed while it encoded (code \(code)).", lameCode: code)
  }
}

/// What ends an encoding or a copy early: the encoder, or the place where the MP3 is written.
public enum MP3Failure<OutputFailure: Error>: Error {
  case encoder(EncoderError)
  case output(OutputFailure)
}

extension MP3Failure: CustomStringConvertible {
  public var description: String {
    switch self {
    case .encoder(let error): error.description
    case .output(let error): "The MP3 could not be written: \(error)"
    }
  }
}
