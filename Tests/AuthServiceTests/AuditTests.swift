import Hummingbird
import Testing

@testable import AuthService

@Suite struct AuditTests {
  @Test func aLineSaysWhoDidWhatFromWhere() {
    let entry = AuditEntry(.upload, user: "ann@example.org", address: "2001:db8::1", fid: "x")
    #expect(
      entry.fields == [
        "event": "upload", "user": "ann@example.org", "address": "2001:db8::1", "fid": "x", "outcome": "ok",
      ])
    #expect(AuditEntry(.login, user: nil, address: nil).fields["user"] == "-")
  }

  @Test(arguments: [
    ("ann outcome=ok", "\"ann outcome=ok\""), ("a\"b", "\"a\\\"b\""), ("a\\", "\"a\\\\\""), ("", "\"\""),
    ("a\nb", "\"a\nb\""), ("zoë@example.org", "zoë@example.org"),
  ])
  func noValueLooksLikeAnotherField(value: String, written: String) {
    #expect(AuditEntry(.login, user: value, address: nil).fields["user"] == written)
  }

  @Test func aLineIsNoLongerThanItMustBe() {
    let entry = AuditEntry(.download, user: String(repeating: "a", count: 5000), address: nil)
    #expect((entry.fields["user"]?.count ?? 0) <= 256)
  }
}
