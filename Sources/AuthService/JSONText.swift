import Foundation

/// JSON as clients read it: in one line, with dates in ISO 8601 and names in their order.
public enum JSONText {
  /// - Throws: where a value has no JSON, such as an infinite number.
  public static func encode(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.dateEncodingStrategy = .iso8601
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(value))
  }
}
