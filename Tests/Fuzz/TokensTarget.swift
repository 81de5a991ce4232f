@testable import Tokens

/// Tokens as they come, and sets of public keys.
enum TokensTarget {
  @Sendable static func run(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    waitFor {
      _ = try? await Keys.sidecars.verify(bytes, expecting: Keys.job)
      _ = try? await Keys.accessTokens.verify(text, now: Keys.now)
      _ = try? await Keys.sharedTokens.verify(text, now: Keys.now)
    }
    if let secret = try? APITokenSecret(text) {
      require(secret.text == text, "a token is taken as it is")
    }
    if let decoded = Base64URL.decode(text) {
      require(Base64URL.encode(decoded) == text, "no two texts mean the same bytes")
    }
    if let keys = try? KeySet(json: bytes) {
      require((try? KeySet(json: keys.json)) == keys, "a key set is written as it was read")
    }
  }
}
