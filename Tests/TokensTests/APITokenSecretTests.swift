import Testing
import Tokens

@Suite struct APITokenSecretTests {
  @Test func aTokenIsReadBack() throws {
    let secret = APITokenSecret()
    let read = try APITokenSecret(secret.text)
    #expect(read == secret)
    #expect(read.digest == secret.digest && read.id == secret.id)
    #expect(secret.text.wholeMatch(of: /mp3s_[0-9A-Za-z]{49}/) != nil)
    #expect(secret.digest.count == 32)
    #expect(secret.id.wholeMatch(of: /[0-9a-f]{16}/) != nil)
  }

  @Test func noTwoAreTheSame() {
    #expect(Set((0..<1000).map { _ in APITokenSecret().text }).count == 1000)
  }

  /// The checksum is zlib's CRC-32 in base 62, so that other programs can check it; this one was computed by Python's.
  @Test func aKnownTokenIsRead() throws {
    let digits = String(repeating: "0", count: 43)
    #expect(throws: Never.self) { try APITokenSecret("mp3s_" + digits + "2CZclj") }
  }

  @Test func aTokenThatWasNotCopiedWholeIsNone() {
    let text = APITokenSecret().text
    let swapped = text.dropLast(10) + (text.suffix(10).first == "x" ? "y" : "x") + text.suffix(9)
    for wrong in [
      "", "mp3s_", String(text.dropLast()), text + "0", String(text.dropFirst()), text.uppercased(), String(swapped),
      text.replacing("mp3s_", with: "mp3t_"), "mp3s_" + String(repeating: "é", count: 49),
    ] {
      let error = #expect(throws: TokenError.self) { try APITokenSecret(wrong) }
      #expect(error?.kind == .malformed, "\(wrong)")
      #expect(error?.description.contains(wrong) == false || wrong.isEmpty, "a refusal must not tell the secret")
    }
  }
}

@Suite struct ScopeTests {
  @Test func scopesAreReadByName() throws {
    #expect(try Scope.set(parsing: "upload, download") == [.upload, .download])
    #expect(try Scope.set(parsing: "admin admin") == [.admin])
    #expect(try Scope.set(parsing: "").isEmpty)
  }

  @Test func anUnknownScopeIsNamedWithThoseThereAre() {
    let error = #expect(throws: UnknownScope.self) { try Scope.set(parsing: "upload,Admin") }
    #expect(error?.description == "there is no scope 'Admin'; the scopes are upload, download, admin")
  }
}
