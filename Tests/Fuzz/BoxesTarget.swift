@testable import Decoder

/// The heads of an MP4's boxes, as we read them ourselves.
enum BoxesTarget {
  private static let file = ScratchFile()

  @Sendable static func run(_ bytes: [UInt8]) {
    file.replace(with: bytes)
    guard let input = try? InputFile(file.descriptor) else { return require(false, "a file has a size") }
    let numbers = ForeignTracks(input).numbers
    require(numbers.count <= bytes.count / 8 && numbers.allSatisfy { $0 >= 0 }, "each track has a box")
  }
}
