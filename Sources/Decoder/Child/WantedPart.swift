/// The part of a file that is wanted, in media time from the container's start.
struct WantedPart {
  private let start: Duration
  private let end: Duration?

  init(_ request: DecodeRequest) { (start, end) = (max(.zero, request.start ?? .zero), request.end) }

  /// The same in samples of this rate; empty where the end is not behind the start.
  func samples(rate: Int) -> Range<Int> {
    let first = Self.sample(start, rate)
    return first..<max(first, end.map { Self.sample($0, rate) } ?? .max)
  }

  /// Makes the description of a whole file that of the part: chapters are moved and cut, and left out where nothing of
  /// them is in it.
  func cut(_ source: inout SourceDescription) {
    source.startOffset = inside(source.startOffset)
    source.declaredDuration = source.declaredDuration.map(inside)
    source.chapters = source.chapters.compactMap { chapter in
      let (from, to) = (inside(chapter.start), inside(chapter.end))
      let wasEmpty = chapter.start == chapter.end && chapter.start >= start && chapter.start <= end ?? chapter.start
      return from < to || wasEmpty ? .init(start: from, end: to, title: chapter.title) : nil
    }
  }

  /// A time of the file as a time of the part; its begin or end for what is outside.
  private func inside(_ time: Duration) -> Duration { max(.zero, min(time, end ?? time) - start) }

  /// The nearest sample; the last possible one for a time that no file has.
  private static func sample(_ time: Duration, _ rate: Int) -> Int {
    let (product, overflow) = time.microseconds.multipliedReportingOverflow(by: Int64(rate))
    return overflow || product > .max - 500_000 ? .max : Int((product + 500_000) / 1_000_000)
  }
}
