/// An IPv4 or IPv6 address. One of IPv4 in IPv6's notation, `::ffff:192.0.2.1`, is the one of IPv4: sockets for both show
/// it so (RFC 4291 §2.5.5.2).
public struct IPAddress: Sendable, Hashable, CustomStringConvertible {
  /// The 128 bits of IPv6, or of the mapped IPv4 address.
  let high: UInt64
  let low: UInt64

  private static let mapped: UInt64 = 0xFFFF << 32

  var isIPv4: Bool { high == 0 && low & ~0xFFFF_FFFF == Self.mapped }

  /// Reads `192.0.2.1` or `2001:db8::1`, without a zone, a port or brackets; nil for anything else.
  public init?(_ text: String) {
    if let bits = Self.ipv4(text[...]) {
      (high, low) = (0, Self.mapped | UInt64(bits))
    } else if let groups = Self.ipv6(text) {
      high = groups[..<4].reduce(0) { $0 << 16 | UInt64($1) }
      low = groups[4...].reduce(0) { $0 << 16 | UInt64($1) }
    } else {
      return nil
    }
  }

  private static func ipv4(_ text: Substring) -> UInt32? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var bits: UInt32 = 0
    for part in parts {
      // A leading zero means octal to some, so it means nothing here.
      guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy(\.isDigit), part == "0" || part.first != "0",
        let byte = UInt8(part)
      else { return nil }
      bits = bits << 8 | UInt32(byte)
    }
    return bits
  }

  /// The eight groups; RFC 4291 §2.2.
  private static func ipv6(_ text: String) -> [UInt16]? {
    let halves = text.split(separator: "::", maxSplits: 2, omittingEmptySubsequences: false)
    guard halves.count <= 2, !text.contains(":::"), let head = groups(halves[0], mayEndInIPv4: halves.count == 1) else {
      return nil
    }
    guard halves.count == 2 else { return head.count == 8 ? head : nil }
    guard let tail = groups(halves[1], mayEndInIPv4: true), head.count + tail.count <= 7 else { return nil }
    return head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail
  }

  private static func groups(_ text: Substring, mayEndInIPv4: Bool) -> [UInt16]? {
    guard !text.isEmpty else { return [] }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    var groups: [UInt16] = []
    for (index, part) in parts.enumerated() {
      if mayEndInIPv4, index == parts.count - 1, let bits = ipv4(part) {
        groups += [UInt16(bits >> 16), UInt16(truncatingIfNeeded: bits)]
      } else {
        guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy({ $0.hexadecimalValue != nil }),
          let group = UInt16(part, radix: 16)
        else { return nil }
        groups.append(group)
      }
    }
    return groups
  }

  /// The first 64 bits alone.
  var network: IPAddress { IPAddress(high: high, low: 0) }

  private init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }

  /// As RFC 5952 wants it written.
  public var description: String {
    if isIPv4 { return [24, 16, 8, 0].map { "\(low >> $0 & 0xFF)" }.joined(separator: ".") }
    let groups = [high, low].flatMap { half in [48, 32, 16, 0].map { UInt16(truncatingIfNeeded: half >> $0) } }
    let zeros = Self.longestZeros(groups)
    let text = { (part: ArraySlice<UInt16>) in part.map { String($0, radix: 16) }.joined(separator: ":") }
    guard zeros.count > 1 else { return text(groups[...]) }
    return "\(text(groups[..<zeros.lowerBound]))::\(text(groups[zeros.upperBound...]))"
  }

  /// The first of the longest runs of zeros.
  private static func longestZeros(_ groups: [UInt16]) -> Range<Int> {
    var best = 0..<0
    var start = 0
    for index in groups.indices {
      if groups[index] != 0 { start = index + 1 }
      if index + 1 - start > best.count { best = start..<index + 1 }
    }
    return best
  }
}

/// A network of addresses, such as `10.0.0.0/8`; a single address is one, too.
public struct AddressBlock: Sendable, Hashable {
  private let base: IPAddress
  /// How many of the 128 bits count.
  private let length: Int

  /// Reads `192.0.2.0/24`, `2001:db8::/32` or a single address; nil for anything else.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let base = IPAddress(String(parts[0])) else { return nil }
    let width = base.isIPv4 && !parts[0].contains(":") ? 32 : 128
    let written = parts.count == 2 ? String(parts[1]) : "\(width)"
    guard written.utf8.allSatisfy(\.isDigit), let length = Int(written), length <= width else { return nil }
    self.base = base
    self.length = length + 128 - width
  }

  public func contains(_ address: IPAddress) -> Bool {
    let highMask = length >= 64 ? UInt64.max : ~(UInt64.max >> UInt64(length))
    let lowMask = length <= 64 ? 0 : length == 128 ? UInt64.max : ~(UInt64.max >> UInt64(length - 64))
    return (address.high ^ base.high) & highMask == 0 && (address.low ^ base.low) & lowMask == 0
  }
}
