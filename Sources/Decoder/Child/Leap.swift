internal import CFFmpeg

/// A jump in a track that leads to the very samples that decoding all before would lead to.
///
/// That is sure only where the container has an index, and in it the packets from the first to the one jumped to are
/// evenly spaced, each as long as the frames that come of it: then nothing is missing, nothing is twice, and counting
/// samples and reading the packet's time come to the same.
struct Leap {
  /// A decoder gets so much before the samples that are wanted: more than any codec's memory.
  private static let preparation = 1
  /// Below this a jump is not worth opening the file once more; no file reaches beyond it.
  private static let worthwhileSeconds = 20..<1_000_000
  /// With rates of more than this nothing is sure, not even that products fit.
  private static let highestRate = 1_000_000

  /// When the packet jumped to plays, in the track's unit.
  let timestamp: Int64
  /// How far it is from the present frame, in the timeline's unit, and in samples of the output.
  let length: Int64
  let samples: Int

  /// A jump from the present frame to a bit before the output's sample that is `distance` away; nil where there is none.
  /// Both rates' samples come together at its ends, so that a resampler notices nothing.
  init?(_ track: TrackDecoder, over distance: Int, outputRate: Int) {
    guard Self.worthwhileSeconds ~= distance / outputRate, Formats.jumpsToSamples(track.reader.file.format) else {
      return nil
    }
    let (frame, rate) = (track.frame.samples, track.frame.rate)
    guard rate <= Self.highestRate else { return nil }
    // The fewest frames that are a whole number of samples at the output's rate.
    let step = rate / Self.commonDivisor(rate, frame * outputRate)
    let frames = (distance - Self.preparation * outputRate) * rate / outputRate / frame / step * step
    guard frames > 0, let spacing = track.spacing, let first = track.indexOfFrame(spacedBy: spacing) else { return nil }
    guard track.isEvenlySpaced(to: first + frames, by: spacing) else { return nil }
    timestamp = track.frame.timestamp + Int64(frames) * spacing
    length = Int64(frames) * track.length
    samples = frames * frame * outputRate / rate
  }

  private static func commonDivisor(_ one: Int, _ other: Int) -> Int {
    var (one, other) = (one, other)
    while other != 0 { (one, other) = (other, one % other) }
    return one
  }
}

extension TrackDecoder {
  fileprivate var stream: UnsafeMutablePointer<AVStream> { unsafe reader.file.stream(reader.stream) }

  /// A frame's length in the track's unit, if it is a whole number.
  fileprivate var spacing: Int64? {
    let unit = unsafe stream.pointee.time_base
    guard unit.num > 0, unit.den > 0, frame.rate > 0 else { return nil }
    let (whole, rest) = (Int64(frame.samples) * Int64(unit.den)).quotientAndRemainder(
      dividingBy: Int64(frame.rate) * Int64(unit.num))
    return rest == 0 && whole > 0 ? whole : nil
  }

  /// The number of the present frame's packet in the index.
  fileprivate func indexOfFrame(spacedBy spacing: Int64) -> Int? {
    guard let begin = timestamp(at: 0) else { return nil }
    let (number, rest) = frame.timestamp.subtractingReportingOverflow(begin).partialValue.quotientAndRemainder(
      dividingBy: spacing)
    return rest == 0 && number >= 0 ? Int(number) : nil
  }

  fileprivate func isEvenlySpaced(to last: Int, by spacing: Int64) -> Bool {
    guard unsafe last < Int(avformat_index_get_entries_count(stream)), var time = timestamp(at: 0) else { return false }
    return (0..<last).allSatisfy { number in
      time = time.addingReportingOverflow(spacing).partialValue
      return timestamp(at: number + 1) == time
    }
  }

  private func timestamp(at index: Int) -> Int64? {
    unsafe avformat_index_get_entry(stream, CInt(index))?.pointee.timestamp
  }
}
