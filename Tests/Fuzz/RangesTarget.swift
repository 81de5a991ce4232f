import WireFormats

/// A file's size and a Range header.
enum RangesTarget {
  @Sendable static func run(_ bytes: [UInt8]) {
    var input = Portions(bytes)
    let size = input.number(Int64.self) & .max
    guard case .ranges(let ranges) = RangeRequest.parse(header: input.text, size: size) else { return }
    require(1...16 ~= ranges.count, "there are not too many ranges")
    var total: Int64 = 0
    for range in ranges {
      require(!range.isEmpty && range.lowerBound >= 0 && range.upperBound <= size, "\(range) is in the file")
      total += Int64(range.count)
      require(total <= size, "no more is sent than the file has")
    }
  }
}
