import Testing
import Tokens

@Suite struct WebhookSecretTests {
  /// The code is that of Python's `hmac.new(secret, b"1800000000." + body, "sha256").hexdigest()`.
  @Test func signatureIsTheHMACOfTimeAndBody() {
    let secret = WebhookSecret(stored: String(repeating: "A", count: 43))
    let header = secret.signature(of: Array(#"{"event":"ping"}"#.utf8), at: 1_800_000_000)
    #expect(header == "t=1800000000,v1=13fa1091600d24739548e46948b891ac83993938cde06214420d79baacb56770")
  }

  @Test func eachSecretIsNewAndFortyThreeCharactersLong() {
    let (one, other) = (WebhookSecret(), WebhookSecret())
    #expect(one != other)
    #expect(one.text.utf8.count == 43 && other.text.utf8.count == 43)
    #expect(one.signature(of: [], at: 0) != other.signature(of: [], at: 0))
    #expect(one.signature(of: [], at: 0) != one.signature(of: [], at: 1))
  }
}
