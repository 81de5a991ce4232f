/// Where a request comes from, as far as anybody who is believed says so.
public struct ClientAddress: Sendable, Hashable, CustomStringConvertible {
  /// nil where it is not known: a socket without addresses, or a proxy that does not tell.
  public let host: IPAddress?
  /// Did the client's request come over TLS, to us or to the first proxy?
  public let isSecure: Bool

  public init(host: IPAddress?, isSecure: Bool) {
    self.host = host
    self.isSecure = isSecure
  }

  public var description: String { host?.description ?? "unknown" }

  /// What is counted as one client: the address itself or, of an IPv6 address, its first 64 bits, since whoever has one
  /// address there has as many as he likes (RFC 6177).
  public var network: String {
    guard let host, !host.isIPv4 else { return description }
    return "\(host.network)/64"
  }
}

/// The proxies that are believed about the clients they speak for.
public struct ProxyTrust: Sendable, Equatable {
  private let proxies: [AddressBlock]

  public init(_ proxies: [AddressBlock]) { self.proxies = proxies }

  /// Who a request is from. The hops are gone through from the last one back, each believed because the one that says it
  /// is: a client can write into the header whatever it wants, but it stands before what the proxies add.
  ///
  /// - Parameters:
  ///   - peer: who the connection is with.
  ///   - forwarded: `Forwarded`, and where there is none the older fields; nil also where it cannot be read.
  public func client(peer: ClientAddress, forwarded: ForwardedHeader?) -> ClientAddress {
    var client = peer
    for hop in (forwarded?.hops ?? []).reversed() {
      guard let host = client.host, isTrusted(host) else { break }
      client = ClientAddress(host: hop.client, isSecure: hop.isSecure ?? client.isSecure)
    }
    return client
  }

  public func isTrusted(_ address: IPAddress) -> Bool { proxies.contains { $0.contains(address) } }
}
