import NIOCore
import Testing

@testable import AuthService

@Suite struct ClientAddressTests {
  @Test(arguments: [
    ("192.0.2.1", "192.0.2.1", "192.0.2.1"), ("::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1"),
    ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
    ("2001:db8::1", "2001:db8::1", "2001:db8:0:0::/64"), ("::1", "::1", "0:0:0:0::/64"),
    ("fe80::1%eth0", "fe80::1", "fe80:0:0:0::/64"), ("2001:DB8:0:1::", "2001:db8:0:1::", "2001:db8:0:1::/64"),
  ])
  func anIPv6AddressCountsByItsNetwork(text: String, description: String, network: String) {
    let address = ClientAddress(text)
    #expect((address.description, address.network) == (description, network))
  }

  @Test func aSocketsAddressIsTaken() throws {
    #expect(ClientAddress(try SocketAddress(ipAddress: "::1", port: 80))?.description == "::1")
    #expect(ClientAddress(try SocketAddress(unixDomainSocketPath: "/tmp/x")) == nil)
    #expect(ClientAddress(nil) == nil)
  }
}
