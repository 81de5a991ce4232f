import NIOCore

/// How fast the body of a request comes. Only the time counts in which it is awaited: while the disk is slow, or an
/// answer is being thought of, nothing is read, and the client is not to blame.
struct BodyPace {
  private var byteCount: Int64 = 0
  private var waited = TimeAmount.zero
  private var waitingSince: NIODeadline?

  /// Bytes are awaited from now on.
  mutating func awaitBytes(at now: NIODeadline) {
    if waitingSince == nil { waitingSince = now }
  }

  mutating func took(_ count: Int, at now: NIODeadline) {
    if let since = waitingSince { waited = waited + (now - since) }
    waitingSince = nil
    byteCount += Int64(count)
  }

  /// When this body is too slow, if nothing comes until then; nil while nothing is awaited.
  func deadline(_ limits: ClientLimits) -> NIODeadline? {
    guard let since = waitingSince else { return nil }
    // As much time as the bytes so far may have taken, and the first span, in which the average does not count yet.
    let (seconds, rest) = byteCount.quotientAndRemainder(dividingBy: ClientLimits.bodyRate)
    let earned = limits.body + .seconds(seconds) + .nanoseconds(rest * 1_000_000_000 / ClientLimits.bodyRate)
    return min(since + limits.body, since + max(.zero, earned - waited))
  }
}
