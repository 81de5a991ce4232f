import Testing

@testable import WireFormats

@Suite struct ForwardedTests {
  // MARK: - Addresses

  @Test(arguments: [
    ("192.0.2.1", "192.0.2.1"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"), ("::", "::"),
    ("::1", "::1"), ("2001:DB8::1", "2001:db8::1"), ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
    ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("1::", "1::"), ("1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8"),
    ("::ffff:192.0.2.1", "192.0.2.1"), ("64:ff9b::192.0.2.1", "64:ff9b::c000:201"),
    ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
  ])
  func anAddressIsWrittenInOneWay(_ text: String, _ written: String) {
    #expect(IPAddress(text)?.description == written)
  }

  @Test(arguments: [
    "", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4 ", "1.2.3.-4", "1.2.3.+4", "1..2.3", ":", ":::",
    "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "1:2:3:4:5:6:7::8:9", "12345::", "g::", "::1%eth0", "[::1]",
    "1.2.3.4::", "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4", "::ffff:1.2.3", "1:2:3:4:5:6:7:8::",
  ])
  func anythingElseIsNoAddress(_ text: String) { #expect(IPAddress(text) == nil) }

  @Test(arguments: [
    ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false), ("192.0.2.1", "192.0.2.1", true),
    ("192.0.2.1", "192.0.2.2", false), ("0.0.0.0/0", "203.0.113.9", true), ("0.0.0.0/0", "2001:db8::1", false),
    ("192.0.2.128/25", "192.0.2.127", false), ("::/0", "192.0.2.1", true), ("2001:db8::/32", "2001:db8:ffff::1", true),
    ("2001:db8::/32", "2001:db9::1", false), ("2001:db8::8/125", "2001:db8::f", true),
    ("2001:db8::8/125", "2001:db8::7", false), ("::1", "::1", true), ("2001:db8::/64", "2001:db8:0:0:1::", true),
    ("::ffff:10.0.0.0/104", "10.1.1.1", true),
  ])
  func aNetworkHasItsAddresses(_ block: String, _ address: String, _ isIn: Bool) throws {
    #expect(try #require(AddressBlock(block)).contains(try #require(IPAddress(address))) == isIn)
  }

  @Test(arguments: [
    "", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "::/129", "10/8", "10.0.0.0/+8",
  ])
  func anythingElseIsNoNetwork(_ text: String) { #expect(AddressBlock(text) == nil) }

  @Test(arguments: [
    ("192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
    ("2001:db8::1", "2001:db8::/64"), ("::1", "::/64"),
  ])
  func anIPv6AddressCountsByItsNetwork(_ text: String, _ network: String) {
    #expect(ClientAddress(host: IPAddress(text), isSecure: false).network == network)
  }

  // MARK: - The header

  private func hops(_ text: String) -> [String]? {
    ForwardedHeader(text)?.hops.map { hop in
      "\(hop.client?.description ?? "-") \(hop.isSecure.map { "\($0)" } ?? "-")"
    }
  }

  @Test(arguments: [
    ("for=192.0.2.43", ["192.0.2.43 -"]), ("For=\"[2001:db8:cafe::17]:4711\"", ["2001:db8:cafe::17 -"]),
    ("for=192.0.2.60;proto=http;by=203.0.113.43", ["192.0.2.60 false"]),
    ("for=192.0.2.43, for=198.51.100.17;Proto=HTTPS", ["192.0.2.43 -", "198.51.100.17 true"]),
    ("for=\"192.0.2.43:47011\"", ["192.0.2.43 -"]), ("for=\"192.0.2.43:_port\"", ["192.0.2.43 -"]),
    ("for=unknown", ["- -"]), ("for=_gazonk", ["- -"]), ("for=\"_a:80\", for=::1", ["- -", "::1 -"]),
    ("proto=https", ["- true"]), ("by=\"a, for=192.0.2.1\";for=192.0.2.2", ["192.0.2.2 -"]),
    ("for=192.0.2.1,, for=192.0.2.2,", ["192.0.2.1 -", "192.0.2.2 -"]), ("for=192.0.2.1;proto=ftp", ["192.0.2.1 -"]),
  ])
  func hopsAreRead(_ text: String, _ expected: [String]) { #expect(hops(text) == expected) }

  @Test(arguments: [
    "", ",", "for", "for=", "for=192.0.2", "for=example.com", "for=\"192.0.2.1", "for=\"[::1\"", "for=\"[192.0.2.1x]\"",
    "for=\"192.0.2.1:\"", "for=192.0.2.1, nonsense", "=192.0.2.1",
  ])
  func whatBreaksTheGrammarIsNotRead(_ text: String) { #expect(hops(text) == nil) }

  // MARK: - Trust

  private let trust = ProxyTrust([AddressBlock("10.0.0.0/8")!, AddressBlock("::1")!])

  private func client(_ peer: String, _ forwarded: ForwardedHeader?, isSecure: Bool = false) -> String {
    let found = trust.client(peer: ClientAddress(host: IPAddress(peer), isSecure: isSecure), forwarded: forwarded)
    return "\(found)\(found.isSecure ? " secure" : "")"
  }

  @Test(arguments: [
    ("192.0.2.9", "for=198.51.100.1;proto=https", "192.0.2.9"),
    ("10.0.0.1", "for=198.51.100.1;proto=https", "198.51.100.1 secure"), ("::1", "for=198.51.100.1", "198.51.100.1"),
    ("10.0.0.1", "for=1.1.1.1, for=198.51.100.1, for=10.0.0.2", "198.51.100.1"),
    ("10.0.0.1", "for=1.1.1.1;proto=https, for=198.51.100.1;proto=http", "198.51.100.1"),
    ("10.0.0.1", "for=10.0.0.3, for=10.0.0.2", "10.0.0.3"), ("10.0.0.1", "for=1.1.1.1, for=unknown", "unknown"),
    ("10.0.0.1", "nonsense", "10.0.0.1"), ("10.0.0.1", "for=1.1.1.1, nonsense", "10.0.0.1"),
  ])
  func aHopIsBelievedIfItsSpeakerIs(_ peer: String, _ forwarded: String, _ expected: String) {
    #expect(client(peer, ForwardedHeader(forwarded)) == expected)
  }

  @Test func theOlderFieldsSayTheSame() {
    #expect(client("10.0.0.1", ForwardedHeader(addresses: "1.1.1.1, 192.0.2.1", scheme: "https")) == "192.0.2.1 secure")
    #expect(client("10.0.0.1", ForwardedHeader(addresses: "192.0.2.1, 10.9.9.9", scheme: nil)) == "192.0.2.1")
    #expect(client("10.0.0.1", ForwardedHeader(addresses: "nonsense", scheme: "http")) == "unknown")
    #expect(client("192.0.2.9", ForwardedHeader(addresses: "1.1.1.1", scheme: "https")) == "192.0.2.9")
  }

  @Test func withoutAProxyTheConnectionTells() {
    #expect(client("192.0.2.9", nil, isSecure: true) == "192.0.2.9 secure")
    #expect(client("10.0.0.1", nil) == "10.0.0.1")
  }
}
