/// Where decoded audio belongs in time: how much silence goes before a frame, and how much of it comes too late.
///
/// It is a decision, not a clock: timestamps that make no sense are ignored rather than believed. They must have agreed
/// with the samples for a while before a gap or an overlap is mended; a jump too far is followed but not mended; a
/// second one soon after, or more mending than sound, and they count no more.
struct Timeline {
  /// The unit of all its times: 1/705,600,000 s, in which a sample of every usual rate is a whole number.
  static let unitsPerSecond: Int64 = 705_600_000

  /// A difference between timestamps and samples that is not mended: rounding of container clocks, mostly.
  private static let tolerance = unitsPerSecond / 20
  /// For so long timestamps must agree with the samples before they are believed.
  private static let proof = unitsPerSecond / 2
  /// A late start below this is left alone: two tracks' encoder delays differ by as much.
  private static let shortestLateStart = unitsPerSecond / 50
  /// The same for a track whose packets start in time, and of which the decoder then drops something.
  private static let longestDecoderDelay = unitsPerSecond * 3 / 20
  /// A late start beyond this is a broken timestamp.
  private static let longestLateStart = 600 * unitsPerSecond
  /// A gap beyond this is a jump of the clock (an edit, a new broadcast), where nothing is missing.
  private static let longestGap = 10 * unitsPerSecond
  /// An overlap beyond this is a jump, too.
  private static let longestOverlap = unitsPerSecond
  /// Jumps that follow each other faster are no jumps: the timestamps are broken.
  private static let shortestTimeBetweenJumps = 10 * unitsPerSecond
  /// A time beyond this is none, and could overflow.
  private static let largestTime: UInt64 = 1 << 60

  /// What to do with a frame.
  struct Placement: Equatable {
    /// Silence before it.
    var silence: Int64 = 0
    /// What to drop of its begin.
    var trim: Int64 = 0
  }

  /// What the container says of its tracks.
  struct Clock: Equatable {
    /// Whether it stores times; where it only counts samples there is nothing to learn.
    var storesTimes = true
    /// When the chosen track's packets begin.
    var ownStart: Int64?
    /// The earliest begin of the other tracks.
    var othersStart: Int64?
    /// The duration that it declares.
    var declared: Int64?
    /// Whether the codec stops sending in silence, so that gaps are its everyday.
    var codecPauses = false
  }

  private let clock: Clock
  private var isTrusted: Bool
  private var isProven: Bool
  /// The next frame's timestamp if nothing is amiss; nil before the first.
  private var expected: Int64?
  /// Sound placed in all, since timestamps began to agree with it, and since the last jump.
  private var placed: Int64 = 0
  private var agreeing: Int64 = 0
  private var sinceJump: Int64 = 0
  private var filled: Int64 = 0
  private var trimmed: Int64 = 0

  init(_ clock: Clock) {
    self.clock = clock
    isTrusted = clock.storesTimes
    isProven = clock.codecPauses
  }

  /// Places the next frame. `start` is its timestamp, if it has one.
  mutating func place(start: Int64?, length: Int64) -> Placement {
    guard isTrusted, let start, start.magnitude <= Self.largestTime else { return keep(length) }
    guard let expected else {
      let late = lateStart(start)
      self.expected = start - late
      return keep(length, after: late)
    }
    let drift = start - expected
    if abs(drift) <= max(Self.tolerance, 2 * length) { return agree(length) }
    if drift > Self.longestGap || drift < -Self.longestOverlap { return jump(drift, length) }
    guard isProven else { return follow(drift, length) }
    return drift > 0 ? fill(drift, length) : trim(-drift, length)
  }

  /// Whether a frame with this timestamp comes exactly when the sound before it ends.
  func expects(_ start: Int64?) -> Bool { isTrusted && start != nil && start == expected }

  /// Passes over sound that is known to be without gaps.
  mutating func skip(_ length: Int64) { _ = agree(length) }

  /// Says that frames of another rate follow: timestamps that count samples of the old one run wrong from here.
  mutating func rateChanges() {
    (isProven, agreeing) = (clock.codecPauses, 0)
  }

  private mutating func keep(_ length: Int64, after silence: Int64 = 0) -> Placement {
    expected = expected.map { $0 + silence + length }
    placed += length
    sinceJump += length
    return Placement(silence: silence)
  }

  private mutating func agree(_ length: Int64) -> Placement {
    agreeing += length
    isProven = isProven || agreeing >= Self.proof
    return keep(length)
  }

  private func lateStart(_ start: Int64) -> Int64 {
    guard let othersStart = clock.othersStart, othersStart.magnitude <= Self.largestTime else { return 0 }
    let startsInTime = clock.ownStart.map { $0 <= othersStart } ?? false
    let late = start - othersStart
    guard late >= (startsInTime ? Self.longestDecoderDelay : Self.shortestLateStart), late <= Self.longestLateStart,
      late <= clock.declared ?? late
    else { return 0 }
    return late
  }

  private mutating func fill(_ gap: Int64, _ length: Int64) -> Placement {
    // More silence than sound: the timestamps run faster than the audio.
    guard filled + gap <= placed + Self.longestGap else { return distrust(length) }
    filled += gap
    return keep(length, after: gap)
  }

  private mutating func trim(_ overlap: Int64, _ length: Int64) -> Placement {
    // A tenth of the sound twice: the timestamps run slower than the audio.
    guard trimmed + overlap <= placed / 10 + Self.longestOverlap else { return distrust(length) }
    let trim = min(overlap, length)
    trimmed += trim
    _ = keep(length - trim)
    return Placement(trim: trim)
  }

  private mutating func jump(_ distance: Int64, _ length: Int64) -> Placement {
    guard sinceJump >= Self.shortestTimeBetweenJumps else { return distrust(length) }
    sinceJump = 0
    return follow(distance, length)
  }

  private mutating func follow(_ distance: Int64, _ length: Int64) -> Placement {
    agreeing = 0
    expected = expected.map { $0 + distance }
    return keep(length)
  }

  private mutating func distrust(_ length: Int64) -> Placement {
    isTrusted = false
    return keep(length)
  }
}
