import Testing
import WireFormats

/// Where a webhook may go, by the URL alone and by the address behind it.
@Suite struct WebhookURLTests {
  @Test(arguments: [
    ("https://example.org", "https://example.org/"), ("HTTPS://Example.ORG/Hook?A=b#c", "https://example.org/Hook?A=b"),
    ("http://example.org:80/", "http://example.org/"), ("http://example.org:8080", "http://example.org:8080/"),
    ("https://example.org:443?x", "https://example.org/?x"), ("http://[::1]:80/a", "http://[::1]/a"),
    ("http://[2001:DB8:0:0::1]:8/a", "http://[2001:db8::1]:8/a"), ("http://127.1/", "http://127.1/"),
    ("http://example.org:/x", "http://example.org/x"), ("http://a_b.example/%2F", "http://a_b.example/%2F"),
    ("http://[::ffff:127.0.0.1]/", "http://127.0.0.1/"), ("http://example.org./", "http://example.org./"),
    ("http://example.org/@x", "http://example.org/@x"), ("http://example.org?@x", "http://example.org/?@x"),
  ])
  func aURLIsWrittenInOneWay(_ text: String, _ written: String) throws {
    #expect(try WebhookURL(parsing: text).description == written)
    #expect(try WebhookURL(parsing: written).description == written)
  }

  @Test(arguments: [
    "", "example.org", "ftp://example.org/", "file:///etc/passwd", "http:example.org", "http://", "http:///x",
    "http://:80/",
    "http://user@example.org/", "http://user:word@example.org/", "http://example.org@127.0.0.1/",
    "http://example.org:0/",
    "http://example.org:65536/", "http://example.org:x/", "http://example.org:+80/", "http://[::1", "http://[::1]x/",
    "http://[127.0.0.1]/", "http://[::1%25eth0]/", "http://exa mple.org/", "http://ex\u{E4}mple.org/", "http://a\\@b/",
    "http://a\u{0}b/", "http://a\r\nb/", "http://.example.org/", "http://a..b/", "http://a%62/", "http://a/\t",
    "http://example.org/{x}", "gopher://example.org/", "javascript:alert(1)", "http://*/",
  ])
  func anythingElseIsNone(_ text: String) { #expect(throws: OptionError.self) { try WebhookURL(parsing: text) } }

  @Test func aURLHasItsLimit() {
    #expect(throws: OptionError.self) {
      try WebhookURL(parsing: "http://example.org/" + String(repeating: "a", count: WebhookURL.longest))
    }
  }

  // MARK: - Addresses

  @Test(arguments: [
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.1",
    "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "191.255.255.255", "192.0.1.0", "192.0.3.0",
    "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "198.51.99.255", "203.0.114.0", "223.255.255.255",
    "2606:4700:4700::1111", "2a00:1450:4001::1", "2001:4860:4860::8888", "2001:200::1", "2003::1", "3ffe::1",
    "64:ff9b::8.8.8.8",
  ])
  func publicAddressesAreAdmitted(_ text: String) throws {
    #expect(AddressRules().admits(try #require(IPAddress(text))))
  }

  @Test(arguments: [
    "0.0.0.0", "0.1.2.3", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1", "127.255.255.255",
    "169.254.0.1", "169.254.169.254", "172.16.0.0", "172.31.255.255", "192.0.0.1", "192.0.0.170", "192.0.2.1",
    "192.88.99.1", "192.168.0.1", "192.168.255.255", "198.18.0.1", "198.19.255.255", "198.51.100.7", "203.0.113.7",
    "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1", "::8.8.8.8",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:0:8.8.8.8", "64:ff9b::127.0.0.1", "64:ff9b::10.1.2.3",
    "64:ff9b::192.168.0.1", "64:ff9b:1::8.8.8.8", "100::1", "2001::1", "2001:0:ffff::1", "2001:10::1", "2001:20::1",
    "2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "3fff::1", "4000::1", "5f00::1", "fc00::1", "fd12:3456::1",
    "fdff:ffff::", "fe80::1", "febf::1", "fec0::1", "ff02::1", "ff0e::1",
  ])
  func allOthersAreNot(_ text: String) throws {
    #expect(!AddressRules().admits(try #require(IPAddress(text))))
  }

  @Test func whatIsAllowedIsAdmittedAndNothingBeside() throws {
    let rules = AddressRules(allowing: try ["127.0.0.0/8", "fd00::/8"].map { try #require(AddressBlock($0)) })
    for (text, isAdmitted) in [
      ("127.0.0.1", true), ("::ffff:127.0.0.1", true), ("64:ff9b::127.0.0.1", true), ("fd00::1", true),
      ("fc00::1", false), ("10.0.0.1", false), ("::1", false), ("1.1.1.1", true),
    ] {
      #expect(rules.admits(try #require(IPAddress(text))) == isAdmitted, "\(text)")
    }
  }
}
