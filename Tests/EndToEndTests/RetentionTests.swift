import Foundation
import Testing

@Suite struct RetentionTests {
  @Test func anybodyLearnsHowLongThingsStay() async throws {
    try await withService(["MP3SPOOL_UPLOAD_EXPIRY": "3600"]) { service in
      let answer = try await service.request("/retention", token: Accounts.readerToken)
      #expect(answer.status == 200 && answer.text == #"{"done":null,"failed":null,"upload-expiry":3600}"#, "\(answer)")
      #expect(try await service.request("/retention", token: nil).status == 401)
    }
  }
}
