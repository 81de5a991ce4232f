public import NIOCore

/// The address that a request comes from, as text; without its port.
public struct ClientAddress: Sendable, Hashable, CustomStringConvertible {
  /// `192.0.2.1` or `2001:db8::1`.
  public let description: String

  /// - Parameter text: an IPv4 or IPv6 address as inet_ntop(3) writes it. An IPv4 address in IPv6's clothes
  ///   (`::ffff:192.0.2.1`, RFC 4291 §2.5.5.2) is an IPv4 address.
  public init(_ text: String) {
    let text = text.prefix { $0 != "%" }.lowercased()
    let mapped = "::ffff:"
    description = text.hasPrefix(mapped) && text.contains(".") ? String(text.dropFirst(mapped.count)) : text
  }

  /// nil for an address that is no IP address, such as a Unix socket's.
  public init?(_ address: SocketAddress?) {
    guard let text = address?.ipAddress else { return nil }
    self.init(text)
  }

  /// What is counted as one client: the address itself or, of an IPv6 address, its first 64 bits, since whoever has one
  /// address there has as many as he likes (RFC 6177).
  public var network: String {
    guard description.contains(":") else { return description }
    let halves = description.split(separator: ":", omittingEmptySubsequences: false)
    let elision = halves.firstIndex { $0.isEmpty }
    var groups = halves.prefix(elision ?? halves.count).map(String.init)
    if elision != nil {
      let tail = description.ranges(of: "::").first.map { description[$0.upperBound...].split(separator: ":") } ?? []
      groups += Array(repeating: "0", count: max(0, 8 - groups.count - tail.count)) + tail.map(String.init)
    }
    return groups.prefix(4).joined(separator: ":") + "::/64"
  }
}
