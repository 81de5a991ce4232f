public import DurableFiles

/// Decides when a directory is looked at and when it is listed, where nobody tells of its changes (NFS and others).
///
/// A look asks for the directory's times only, one small request of the file server; a listing may be long.
///
/// | a look finds                                         | next                                         |
/// |------------------------------------------------------|----------------------------------------------|
/// | other times than at the last listing                 | a listing, and one more at the next look     |
/// | the same times as at a listing that found a change   | that one more, since times tick in jiffies   |
/// | the same times, and the last listing is 30 s old     | a listing: times are a hint, it is the truth |
/// | the same times                                       | nothing; the pauses grow from 0.3 to 0.8 s   |
public struct Poll: Sendable {
  private var listed: (times: DirectoryTimes, at: ContinuousClock.Instant)?
  private var owesOneMore = false
  private var pause = shortest

  static let shortest = Duration.milliseconds(300)
  static let longest = Duration.milliseconds(800)
  static let listingInterval = Duration.seconds(30)

  public init() {}

  /// Takes in what a look at `now` found; true where the directory is to be listed now.
  public mutating func mustList(_ times: DirectoryTimes, at now: ContinuousClock.Instant) -> Bool {
    let isChanged = listed.map { $0.times != times } ?? true
    let isDue = isChanged || owesOneMore || listed.map { now - $0.at >= Self.listingInterval } ?? true
    pause = isChanged ? Self.shortest : min(pause * 1.5, Self.longest)
    owesOneMore = isChanged
    if isDue { listed = (times, now) }
    return isDue
  }

  /// How long to wait before the next look; spread, so that hosts do not look together.
  ///
  /// - Parameter chance: from 0 to 1.
  public func pause(chance: Double = .random(in: 0...1)) -> Duration { pause * (0.8 + 0.4 * chance) }
}
