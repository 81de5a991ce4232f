import Decoder
import Synchronization

/// Ends a conversion from another thread, also one that has not begun to decode yet.
public final class CancelHandle: Sendable {
  private let state = Mutex<(canceller: DecodeCanceller?, isCancelled: Bool)>((nil, false))

  public init() {}

  public var isCancelled: Bool { state.withLock { $0.isCancelled } }

  /// Ends the conversion, whatever it is at. It fails as cancelled.
  public func cancel() {
    let canceller = state.withLock { state in
      state.isCancelled = true
      return state.canceller
    }
    canceller?.cancel()
  }

  /// The conversion is now at this decoding; one follows the other where it needs several.
  func hold(_ canceller: DecodeCanceller) {
    let isCancelled = state.withLock { state in
      state.canceller = canceller
      return state.isCancelled
    }
    if isCancelled { canceller.cancel() }
  }
}
