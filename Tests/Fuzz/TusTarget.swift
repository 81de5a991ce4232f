import Foundation
import WireFormats

/// The headers of resumable uploads.
enum TusTarget {
  @Sendable static func run(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    if let decoded = Base64.decode(text) {
      require(Data(decoded).base64EncodedString() == text, "no two texts mean the same bytes")
    }
    if let count = try? Tus.count(text, in: "Upload-Offset") {
      require(count >= 0 && text.drop { $0 == "0" } == (count == 0 ? "" : "\(count)"), "a count is its digits")
    }
    if let sum = try? TusChecksum(parsing: text) {
      let word = "\(sum.algorithm.rawValue) \(Data(sum.digest).base64EncodedString())"
      require(word == text, "no two texts mean the same checksum")
    }
    guard let values = UploadMetadata.parse(text) else { return }
    let words = values.sorted { $0.key < $1.key }.map { "\($0.key) \(Data($0.value.utf8).base64EncodedString())" }
    require(UploadMetadata.parse(words.joined(separator: ",")) == values, "metadata is sent as it was read")
  }
}
