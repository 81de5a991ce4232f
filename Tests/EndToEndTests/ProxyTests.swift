import Foundation
import Testing

/// Whose request it is, behind a proxy: the limit of logins counts by address, and so shows it.
@Suite struct ProxyTests {
  private static let oneLogin = ["MP3SPOOL_LOGIN_RATE": "1"]

  @Test func trustedProxyTellsWhoItsClientsAre() async throws {
    try await withService(Self.oneLogin.merging(["MP3SPOOL_TRUSTED_PROXIES": "127.0.0.0/8"]) { $1 }) { service in
      #expect(try await login("Forwarded: for=192.0.2.1", at: service) == 401)
      #expect(try await login("Forwarded: for=192.0.2.1", at: service) == 429)
      // What a client says itself stands to the left of what the proxy says of it.
      #expect(try await login("Forwarded: for=192.0.2.9, for=192.0.2.1", at: service) == 429)
      #expect(try await login("Forwarded: for=192.0.2.2", at: service) == 401)
      #expect(try await login("X-Forwarded-For: 192.0.2.3", at: service) == 401)
      let link = try await service.request("/feed", "-X", "POST", "-H", "Forwarded: for=192.0.2.1;proto=https")
      #expect(try link.json([String: String].self)["url"]?.hasPrefix("https://127.0.0.1:") == true)
    }
  }

  @Test func nobodyElsesWordIsTaken() async throws {
    try await withService(Self.oneLogin) { service in
      #expect(try await login("Forwarded: for=192.0.2.1", at: service) == 401)
      #expect(try await login("Forwarded: for=192.0.2.2", at: service) == 429)
      let link = try await service.request("/feed", "-X", "POST", "-H", "X-Forwarded-Proto: https")
      #expect(try link.json([String: String].self)["url"]?.hasPrefix("http://127.0.0.1:") == true)
    }
  }

  /// The status of a login with a wrong password.
  private func login(_ field: String, at service: Service) async throws -> Int {
    try await service.request("/login", "-X", "POST", "-u", "nobody@example.com:wrong word", "-H", field, token: nil)
      .status
  }
}
