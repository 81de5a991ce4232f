/// How much of a file to read at a time: ever more where it is read from front to back, little where it is read here and
/// there. It decides; whoever has the file reads.
///
/// Each piece of a run without jumps is as large as all the run so far. So at most twice the bytes asked for are read, or
/// `least` where that is more, and a long run soon takes few system calls.
struct ReadAhead {
  /// What is read after a jump where no more is needed: a packet or two of compressed audio.
  static let least = 1 << 10
  /// What is read at most to be ready for later.
  static let most = 256 << 10

  /// libavformat asks for so much or more where it fills its buffer (`IO_BUFFER_SIZE`, libavformat/aviobuf.c), not
  /// knowing how much of that will be needed; less is what a demuxer needs.
  private static let leastFilling = 32 << 10
  /// After so much of a run the system may read ahead as well. Not before: once it does, Linux goes on even where the
  /// reads that follow are scattered, if they meet the pages that it marked (page_cache_async_ra, mm/readahead.c).
  private static let leastLongRun = 1 << 20

  /// The present run. The begin of a file counts as in the midst of one: a demuxer always wants some of it.
  private var run = (-64 << 10)..<0

  /// Whether the file is read here and there, as far as one can tell.
  var isScattered: Bool { run.count < Self.leastLongRun }

  /// How many bytes to read at `position`, where `wanted` are asked for: more, to have them ready; or fewer where
  /// `wanted` may be more than needed.
  mutating func count(at position: Int, wanted: Int) -> Int {
    if position != run.upperBound { run = position..<position }
    let usual = min(max(run.count, Self.least), Self.most)
    let count = wanted < Self.leastFilling ? max(usual, wanted) : min(usual, wanted)
    run = run.lowerBound..<position + count
    return count
  }
}
