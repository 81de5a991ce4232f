import Foundation
import Spool
import Testing
import Tokens

@Suite struct LinkSignerTests {
  let signer = LinkSigner(key: SigningKey())
  let id = JobID(at: .now)

  @Test func signatureIsGoodForItsJobUntilItsTime() {
    let signature = signer.signature(of: id, expiry: 1000)
    let (before, after) = (Date(timeIntervalSince1970: 999), Date(timeIntervalSince1970: 1000))
    #expect(signer.accepts(signature, of: id, expiry: 1000, now: before))
    #expect(!signer.accepts(signature, of: id, expiry: 1000, now: after))
    #expect(!signer.accepts(signature, of: id, expiry: 1001, now: before))
    #expect(!signer.accepts(signature, of: JobID(at: .now), expiry: 1000, now: before))
    #expect(!LinkSigner(key: SigningKey()).accepts(signature, of: id, expiry: 1000, now: before))
  }

  @Test(arguments: ["", "A", "=", "AAAA"]) func otherTextsAreNoSignature(_ text: String) {
    #expect(!signer.accepts(text, of: id, expiry: 1000, now: .distantPast))
  }

  @Test func secretsAreUnlikeAndComeBackFromTheirTexts() {
    let secret = FeedSecret()
    #expect(secret != FeedSecret())
    #expect(FeedSecret(secret.text) == secret)
    #expect(secret.text.utf8.count == 43 && secret.digest.count == 32)
    for text in ["", "x", String(secret.text.dropLast()), secret.text + "A"] { #expect(FeedSecret(text) == nil) }
  }
}
