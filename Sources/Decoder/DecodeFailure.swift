internal import Glibc

/// Why a file gave no audio, or not all of it.
public struct DecodeFailure: Error, Sendable, Hashable, CustomStringConvertible {
  /// What went wrong, for code that must tell the cases apart.
  public enum Kind: Sendable, Hashable {
    /// No container that mp3spool reads.
    case notMedia
    /// A container without audio.
    case noAudioTrack
    /// Audio, but not the track or the language that was asked for.
    case noSuchTrack
    /// The chosen track's codec is not one that mp3spool decodes.
    case unsupportedCodec
    /// The chosen track is encrypted.
    case encrypted
    /// The whole track was read and not one sample came out.
    case noSamples
    /// The file asks for more than one job may take.
    case limitExceeded(Limit)
    /// The decoder was ended by this signal.
    case crashed(signal: CInt)
    /// The decoder ended with this status before it had said that it was done.
    case exited(status: CInt)
    /// The decoder gave nothing for too long.
    case timedOut
    /// The decoder said something that the pipe protocol does not allow; the text says what.
    case violatedProtocol(String)
    /// Somebody cancelled the session.
    case cancelled
    /// The decoder could not be started or the file not be read, for a reason outside the file.
    case unavailable
  }

  /// What a job may not exceed.
  public enum Limit: UInt8, Sendable, Hashable, CaseIterable {
    /// `DecodeLimits.maximumDuration`.
    case duration = 1
    /// `DecodeLimits.streams`.
    case streams
    /// Audio channels that can be mixed down.
    case channels
    /// `DecodeLimits.addressSpace`.
    case memory
    /// `DecodeLimits.cpuSeconds`.
    case cpuTime
  }

  /// What went wrong.
  public let kind: Kind
  /// The same for people: a clause without capital and full stop, such as `the file has no audio track`.
  public let sentence: String

  /// A failure with a sentence of its own.
  public init(_ kind: Kind, _ sentence: String) {
    self.kind = kind
    self.sentence = sentence
  }

  /// A failure with the usual sentence of its kind.
  init(_ kind: Kind) { self.init(kind, kind.usualSentence) }

  /// Whether the file is at fault for sure, so that trying again does not help.
  ///
  /// A decoder that died, whether by a signal, by its jail or by a limit, or that took too long, may have met a machine
  /// short of memory, a slow disk or a library just being replaced: that is worth another try.
  public var isCertain: Bool {
    switch kind {
    case .limitExceeded(.cpuTime): false
    case .notMedia, .noAudioTrack, .noSuchTrack, .unsupportedCodec, .encrypted, .noSamples, .limitExceeded,
      .violatedProtocol:
      true
    case .crashed, .exited, .timedOut, .cancelled, .unavailable: false
    }
  }

  public var description: String { sentence }
}

extension DecodeFailure.Kind {
  fileprivate var usualSentence: String {
    switch self {
    case .notMedia: "this is not a media file that mp3spool knows"
    case .noAudioTrack: "the file has no audio track"
    case .noSuchTrack: "the file has no such audio track"
    case .unsupportedCodec: "the audio is in a codec that mp3spool does not decode"
    case .encrypted: "the audio is encrypted"
    case .noSamples: "the audio track holds nothing that can be decoded"
    case .limitExceeded(let limit): limit.usualSentence
    case .crashed(let signal): "the decoder was killed by signal \(Self.name(of: signal))"
    case .exited(let status): "the decoder ended with status \(status)"
    case .timedOut: "the decoder gave nothing for too long and was ended"
    case .violatedProtocol(let what): "the decoder broke the pipe protocol: \(what)"
    case .cancelled: "the conversion was cancelled"
    case .unavailable: "the decoder is not available"
    }
  }
}

extension DecodeFailure.Kind {
  /// A signal's number, and its name where it is one that ends a decoder (signal(7)).
  fileprivate static func name(of signal: CInt) -> String {
    switch signal {
    case SIGILL: "\(signal) (SIGILL)"
    case SIGTRAP: "\(signal) (SIGTRAP)"
    case SIGABRT: "\(signal) (SIGABRT)"
    case SIGBUS: "\(signal) (SIGBUS)"
    case SIGFPE: "\(signal) (SIGFPE)"
    case SIGKILL: "\(signal) (SIGKILL)"
    case SIGSEGV: "\(signal) (SIGSEGV)"
    case SIGSYS: "\(signal) (SIGSYS): it made a system call that its jail forbids"
    default: "\(signal)"
    }
  }
}

extension DecodeFailure.Limit {
  fileprivate var usualSentence: String {
    switch self {
    case .duration: "the audio is longer than a job may be"
    case .streams: "the file has more streams than a job may have"
    case .channels: "the audio has more channels than mp3spool mixes down"
    case .memory: "decoding the file needs more memory than a job may take"
    case .cpuTime: "decoding the file takes more processor time than a job may take"
    }
  }
}
