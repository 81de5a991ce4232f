/// Which addresses this host may be sent to by strangers: those that anybody on the internet can reach, and what is
/// allowed beside. All else is a way into the network that this host stands in.
public struct AddressRules: Sendable {
  private let allowed: [AddressBlock]

  /// - Parameter allowed: networks that may be reached although they are not public.
  public init(allowing allowed: [AddressBlock] = []) { self.allowed = allowed }

  /// May that address be connected to?
  public func admits(_ address: IPAddress) -> Bool {
    if allowed.contains(where: { $0.contains(address) }) { return true }
    // Behind an address that carries another one, it is the other one that is reached.
    if let inner = address.carried { return Self.isPublic(address) && admits(inner) }
    return Self.isPublic(address)
  }

  private static func isPublic(_ address: IPAddress) -> Bool {
    if address.isIPv4 { return !special4.contains { $0.contains(address) } }
    return global6.contains(address) && !special6.contains { $0.contains(address) }
      || translated6.contains { $0.contains(address) }
  }

  /// IANA's IPv4 special-purpose addresses, but for those that are globally reachable, multicast (RFC 5771) and the old
  /// class E.
  private static let special4 = blocks([
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
    "224.0.0.0/4", "240.0.0.0/4",
  ])

  /// All that is given to hosts (IANA's IPv6 global unicast space). Loopback, unique local, link-local, site-local and
  /// multicast addresses lie outside of it.
  private static let global6 = blocks(["2000::/3"])[0]

  /// IANA's IPv6 special-purpose addresses within that: protocol assignments with Teredo, documentation, 6to4.
  private static let special6 = blocks(["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"])

  /// NAT64's well-known prefix (RFC 6052 §2.1).
  private static let translated6 = blocks(["64:ff9b::/96"])

  private static func blocks(_ texts: [String]) -> [AddressBlock] { texts.compactMap { AddressBlock($0) } }
}

extension IPAddress {
  /// The IPv4 address that an address of NAT64's well-known prefix leads to; nil for any other.
  fileprivate var carried: IPAddress? {
    guard high == 0x0064_FF9B_0000_0000, low >> 32 == 0 else { return nil }
    let bytes = [24, 16, 8, 0].map { "\(low >> $0 & 0xFF)" }
    return IPAddress(bytes.joined(separator: "."))
  }
}
