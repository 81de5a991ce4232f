import Catalog
import Foundation
import Testing

@testable import AuthService

@Suite struct UserWishTests {
  private func change(_ json: String) -> UserChange? {
    try? JSONDecoder().decode(ChangedUser.self, from: Data(json.utf8)).change
  }

  @Test func limitIsANumberOrAWord() {
    let quota = change(#"{"quota": {"bytes": 0, "minutes": "none", "waiting": "default"}}"#)
    #expect(quota?.bytes == .limit(0) && quota?.minutes == .unlimited && quota?.waiting == .usual)
    #expect(change(#"{"quota": {"bytes": 9007199254740991}}"#)?.bytes == .limit(1 << 53 - 1))
    for wrong in ["-1", "9007199254740992", "1.5", #""10""#, #""None""#, "true", "[]", "{}"] {
      #expect(change(#"{"quota": {"bytes": \#(wrong)}}"#) == nil, "\(wrong)")
    }
  }

  @Test func whatMeansNothingIsRefused() {
    for wrong in [
      #"{"disable": true}"#, #"{"disabled": "true"}"#, #"{"admin": 1}"#, #"{"quota": {"byte": 1}}"#, "[]", "1", "",
    ] { #expect(change(wrong) == nil, "\(wrong)") }
    #expect(change("{}") == UserChange())
    #expect(change(#"{"disabled": null, "quota": null}"#) == UserChange())
    let new = #"{"email": "ann@example.org", "password": "correct horse", "isAdmin": true}"#
    #expect((try? JSONDecoder().decode(NewUser.self, from: Data(new.utf8))) == nil)
  }

  @Test func adminsDoNotLockThemselvesOut() {
    #expect(change(#"{"disabled": true}"#)?.refusalForOneself != nil)
    #expect(change(#"{"admin": false}"#)?.refusalForOneself != nil)
    let rest = #"{"disabled": false, "admin": true, "password": "correct horse", "quota": {"bytes": 1}}"#
    #expect(change(rest)?.refusalForOneself == nil)
  }

  @Test func eachChangeIsALineOfTheAuditLog() {
    let all = #"{"disabled": true, "admin": false, "password": "correct horse", "quota": {"waiting": "none"}}"#
    #expect(change(all)?.events == [.userDisabled, .adminTaken, .passwordChanged, .quotaChanged])
    #expect(change(#"{"disabled": false, "admin": true}"#)?.events == [.userEnabled, .adminGiven])
    #expect(change(#"{"quota": {}}"#)?.events == [])
  }
}
