import Foundation
import Testing

struct RetentionTests {
  @Test func whatIsKeptIsToldToWhoeverHasAnAccount() async throws {
    let settings = ["MP3SPOOL_KEEP_DONE": "2d", "MP3SPOOL_KEEP_FREE": "1K", "MP3SPOOL_UPLOAD_EXPIRY": "3600"]
    try await withService(settings) { service in
      let answer = try await service.request("/retention", token: Accounts.readerToken)
      let expected = #"{"keep-done":172800,"keep-failed":null,"keep-free":1024,"upload-expiry":3600}"#
      #expect((answer.status, answer.text) == (200, expected))
      #expect(try await service.request("/retention", token: nil).status == 401)
    }
  }
}
