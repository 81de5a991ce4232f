internal import Dispatch
internal import Glibc
internal import Synchronization
internal import SystemPackage

/// One child as the service knows it: what became of it, and whether somebody wanted it gone.
final class DecodeJob: Sendable {
  /// How a child ended.
  enum Ending: Equatable, Sendable {
    case exited(status: CInt)
    case killed(signal: CInt)
    /// The zygote could not fork, for this errno.
    case notStarted(CInt)
    /// The zygote is gone, and its children with it.
    case lost

    /// From a status of waitpid(2).
    init(waitStatus: CInt) {
      let signal = waitStatus & 0x7F
      self = signal == 0 ? .exited(status: waitStatus >> 8 & 0xFF) : .killed(signal: signal)
    }
  }

  let number: UInt64
  private let limits: DecodeLimits
  private let ending = Mutex<Ending?>(nil)
  private let cancelled = Atomic(false)
  private let ended = DispatchSemaphore(value: 0)

  init(number: UInt64, _ limits: DecodeLimits) { (self.number, self.limits) = (number, limits) }

  var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

  var hasEnded: Bool { ending.withLock { $0 != nil } }

  func cancel() { cancelled.store(true, ordering: .releasing) }

  /// Notes how the child ended. Only the first time counts.
  func end(_ how: Ending) {
    let isFirst = ending.withLock { ending in
      defer { ending = ending ?? how }
      return ending == nil
    }
    if isFirst { ended.signal() }
  }

  /// Waits until the child has ended; nil if it has not after `seconds`.
  func waitForEnding(seconds: Int) -> Ending? {
    if ended.wait(timeout: .now() + .seconds(seconds)) == .success { ended.signal() }
    return ending.withLock { $0 }
  }

  /// What the end of the pipe means without an end message.
  func failure() -> DecodeFailure {
    if isCancelled { return DecodeFailure(.cancelled) }
    return switch waitForEnding(seconds: 10) {
    case .killed(SIGXCPU):
      DecodeFailure(.limitExceeded(.cpuTime), "the decoder used more than \(limits.cpuSeconds) s of processor time")
    case .killed(let signal): DecodeFailure(.crashed(signal: signal))
    case .exited(let status): DecodeFailure(.exited(status: status))
    case .notStarted(let errno): .unavailable("no decoder process could be made", errno)
    case .lost: DecodeFailure(.unavailable, "the decoder's parent process ended")
    case nil: DecodeFailure(.timedOut)
    }
  }
}

extension DecodeFailure {
  /// A reason outside the file, with the system's own word for it.
  static func unavailable(_ what: String, _ errno: CInt) -> DecodeFailure {
    DecodeFailure(.unavailable, "\(what): \(Errno(rawValue: errno))")
  }
}
