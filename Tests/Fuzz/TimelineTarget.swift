@testable import Decoder

/// Timestamps as any container may have them.
enum TimelineTarget {
  @Sendable static func run(_ bytes: [UInt8]) {
    var input = Portions(bytes)
    var timeline = Timeline(clock(&input))
    while !input.isEmpty {
      let kind = input.number(UInt8.self)
      if kind & 2 != 0 { timeline.rateChanges() }
      let start = kind & 1 == 0 ? input.number(Int64.self) : nil
      // Frames of real decoders have far fewer samples, and far higher rates.
      let samples = Int64(input.number(UInt16.self)) + 1
      let length = samples * Timeline.unitsPerSecond / max(1, Int64(input.number(UInt32.self)))
      let placement = timeline.place(start: start, length: length)
      require(0...length ~= placement.trim, "no more is dropped of a frame than it has")
      require(0...600 * Timeline.unitsPerSecond ~= placement.silence, "no silence is longer than the latest start")
    }
  }

  private static func clock(_ input: inout Portions) -> Timeline.Clock {
    let flags = input.number(UInt8.self)
    return Timeline.Clock(
      storesTimes: flags & 1 == 0, ownStart: flags & 2 == 0 ? input.number() : nil,
      othersStart: flags & 4 == 0 ? input.number() : nil, declared: flags & 8 == 0 ? input.number() : nil,
      codecPauses: flags & 16 != 0)
  }
}
