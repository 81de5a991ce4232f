import Decoder
import Glibc
import Metrics
import Spool

/// Which failures are counted, under which words: the set is closed, whatever a file does, so that no label grows.
enum FailureReason {
  /// The codes of ``ConversionFailure``, and of a claim that outlived its converter.
  static let all = [
    "not-media", "no-audio-track", "no-such-track", "unsupported-codec", "encrypted", "no-samples", "limit-exceeded",
    "crashed", "exited", "timed-out", "violated-protocol", "unavailable", "not-encodable", "disk-full", "file-error",
    "spool-error", "bug", "empty-file", "bad-sidecar", "wrong-size", "incomplete-job",
    "converter-died",
  ]
  private static let known = Set(all)

  static func label(_ code: String) -> String { known.contains(code) ? code : "other" }
}

/// What ended a decoder before it was done.
enum DecoderDeath: String, Sendable, CaseIterable {
  /// SIGSEGV or SIGBUS: it touched memory that it does not have.
  case memoryFault = "memory-fault"
  /// SIGABRT, SIGILL, SIGFPE or SIGTRAP: it found itself at fault.
  case abort
  /// SIGSYS: it made a system call that its jail forbids.
  case forbiddenCall = "forbidden-call"
  /// SIGKILL, as by the kernel when memory runs out.
  case killed
  case otherSignal = "other-signal"
  /// It gave up by itself.
  case exit
  case memoryLimit = "memory-limit"
  case cpuLimit = "cpu-limit"
  case timeout
  /// It was ended since it said something that it may not say.
  case protocolViolation = "protocol-violation"

  /// nil for a decoder that did what it should, and said why the file is none.
  init?(_ failure: DecodeFailure) {
    switch failure.kind {
    case .crashed(let signal): self = DecoderDeath(signal)
    case .exited: self = .exit
    case .timedOut: self = .timeout
    case .violatedProtocol: self = .protocolViolation
    case .limitExceeded(.memory): self = .memoryLimit
    case .limitExceeded(.cpuTime): self = .cpuLimit
    default: return nil
    }
  }

  private init(_ signal: CInt) {
    switch signal {
    case SIGSEGV, SIGBUS: self = .memoryFault
    case SIGABRT, SIGILL, SIGFPE, SIGTRAP: self = .abort
    case SIGSYS: self = .forbiddenCall
    case SIGKILL: self = .killed
    default: self = .otherSignal
    }
  }
}

/// The counters of what goes wrong. All of them are there from the start, at 0: the first failure of a kind is an
/// increase too.
struct FailureCount: Sendable {
  enum Outcome: String, CaseIterable {
    /// The job ended in `failed/`.
    case failed
    /// It is tried again.
    case again
    /// It was not what it said, and went to `corrupt/`.
    case quarantined

    /// nil for a claim that was lost: whoever took the job over tells what became of it.
    fileprivate init?(_ end: ClaimEnd) {
      switch end {
      case .moved(.failed, _): self = .failed
      case .moved: self = .again
      case .quarantined: self = .quarantined
      case .lost: return nil
      }
    }
  }

  init() {
    for reason in FailureReason.all { for outcome in Outcome.allCases { _ = Self.failures(reason, outcome) } }
    for cause in DecoderDeath.allCases { _ = Self.deaths(cause) }
  }

  func failed(_ problem: ConversionFailure, _ end: ClaimEnd) {
    failed(problem.code, end)
    if end != .lost, let death = problem.death { Self.deaths(death).increment() }
  }

  /// - Parameter code: a ``JobFailure``'s.
  func failed(_ code: String, _ end: ClaimEnd) {
    if let outcome = Outcome(end) { Self.failures(FailureReason.label(code), outcome).increment() }
  }

  private static func failures(_ reason: String, _ outcome: Outcome) -> Counter {
    Counter(
      label: "mp3spool_conversion_failures_total", dimensions: [("reason", reason), ("outcome", outcome.rawValue)])
  }

  private static func deaths(_ cause: DecoderDeath) -> Counter {
    Counter(label: "mp3spool_decoder_deaths_total", dimensions: [("cause", cause.rawValue)])
  }
}
