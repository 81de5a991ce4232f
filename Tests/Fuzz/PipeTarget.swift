@testable import Decoder

/// What a decoder's child may say to the service.
enum PipeTarget {
  @Sendable static func run(_ bytes: [UInt8]) {
    for source in PipeReading(bytes).descriptions {
      let again = PipeReading(PipeFormat.greeting + PipeWriter.description(source))
      require(again.descriptions == [source], "what has been cleaned stays as it is")
    }
  }
}
