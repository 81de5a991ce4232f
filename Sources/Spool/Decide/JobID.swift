public import struct Foundation.Date

/// The name of a job for its whole life: a ULID, 26 characters of Crockford's base 32, the first ten of which are the
/// time of its making in milliseconds, so that names sort by age.
///
/// Source: github.com/ulid/spec (48 bits of time, 80 bits of randomness).
public struct JobID: Hashable, Sendable, Comparable, LosslessStringConvertible {
  public let description: String

  private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
  static let length = 26
  /// By byte: is it one of the alphabet? A spool may hold very many names to read.
  private static let isDigit = (UInt8.min...UInt8.max).map(alphabet.contains)

  /// A new id, unlike any other: 80 random bits behind the milliseconds of `time` since 1970.
  public init(at time: Date) {
    var random = SystemRandomNumberGenerator()
    let milliseconds = UInt64(max(0, time.timeIntervalSince1970 * 1000))
    let high = milliseconds << 16 | UInt64.random(in: 0...0xFFFF, using: &random)
    let low = UInt64.random(in: .min ... .max, using: &random)
    var value = UInt128(high) << 64 | UInt128(low)
    var digits = [UInt8](repeating: 0, count: Self.length)
    for place in digits.indices.reversed() {
      digits[place] = Self.alphabet[Int(value & 31)]
      value >>= 5
    }
    description = String(decoding: digits, as: UTF8.self)
  }

  /// The id spelled `text`, or nil where that is no ULID in capital letters.
  public init?(_ text: String) {
    let digits = text.utf8
    // 26 digits of 5 bits are 130 bits, so the first digit of a 128-bit number is 7 at most.
    guard digits.count == Self.length, let first = digits.first, first <= UInt8(ascii: "7"),
      digits.allSatisfy({ Self.isDigit[Int($0)] })
    else { return nil }
    description = text
  }

  /// The time that it was made for, to the millisecond.
  public var time: Date {
    let milliseconds = description.utf8.prefix(10).reduce(UInt64(0)) { value, digit in
      value << 5 | UInt64(Self.alphabet.firstIndex(of: digit) ?? 0)
    }
    return Date(timeIntervalSince1970: Double(milliseconds) / 1000)
  }

  public static func < (one: JobID, other: JobID) -> Bool { one.description < other.description }
}

extension JobID: Codable {
  public init(from decoder: any Swift.Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let id = JobID(text) else {
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "no job id: \(text)"))
    }
    self = id
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
