import Foundation
import Testing

/// A gateway whose auth service answers, but not to the end.
struct StallingAuthTests {
  @Test func nobodyWaitsForItLongerThanItsPatience() async throws {
    try await withScratch { scratch in
      try await Accounts.add(to: scratch)
      try await Receiver.run(in: scratch) { receiver in
        let service = try await Service.start(
          in: scratch, ["gateway"], ["MP3SPOOL_AUTH_SERVICE": "\(receiver.url)/stall"])
        // Its 10 s, and some for a machine that has much to do.
        async let login = service.request(
          "/login", "-m", "60", "-X", "POST", "-u", "\(Accounts.admin):\(Accounts.password)", token: nil)
        async let users = service.request("/users", "-m", "60")
        for answer in [try await login, try await users] {
          #expect(answer.status == 503 && answer.headers["retry-after"] == "5", "\(answer)")
        }
        #expect(await service.stop().status == 0)
      }
    }
  }
}
