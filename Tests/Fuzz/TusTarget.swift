import Foundation
import WireFormats

/// The Upload-Metadata header.
enum TusTarget {
  @Sendable static func run(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    if let decoded = Base64.decode(text) {
      require(Data(decoded).base64EncodedString() == text, "no two texts mean the same bytes")
    }
    guard let values = UploadMetadata.parse(text) else { return }
    let words = values.sorted { $0.key < $1.key }.map { "\($0.key) \(Data($0.value.utf8).base64EncodedString())" }
    require(UploadMetadata.parse(words.joined(separator: ",")) == values, "metadata is sent as it was read")
  }
}
