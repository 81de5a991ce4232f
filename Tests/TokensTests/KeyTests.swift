import Foundation
import Testing
import Tokens

/// The key of RFC 8037, appendix A.
private enum Published {
  static let privateKey = Array(Data(base64Encoded: "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=") ?? Data())
  static let publicKey = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
  static let thumbprint = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
}

@Suite struct KeyTests {
  @Test func aKeyIsNamedByItsThumbprint() throws {
    let key = try SigningKey(rawRepresentation: Published.privateKey)
    #expect(key.keyID == Published.thumbprint)
    #expect(key.publicKey.keyID == Published.thumbprint)
  }

  @Test func aStoredKeyComesBack() throws {
    let key = SigningKey()
    #expect(try SigningKey(rawRepresentation: key.rawRepresentation) == key)
    #expect(key != SigningKey())
  }

  @Test(arguments: [0, 31, 33]) func aKeyHas32Bytes(count: Int) {
    let error = #expect(throws: TokenError.self) {
      try SigningKey(rawRepresentation: Array(repeating: 1, count: count))
    }
    #expect(error?.kind == .invalidKey)
  }

  @Test func aPrivateKeyIsNotPrinted() {
    let key = SigningKey()
    #expect("\(key)" == "private key \(key.keyID)")
  }

  @Test func aSetIsWrittenAsJSONWebKeys() throws {
    let key = try SigningKey(rawRepresentation: Published.privateKey)
    let set = KeySet([key.publicKey])
    let object = try JSONSerialization.jsonObject(with: Data(set.json)) as? [String: [[String: String]]]
    #expect(
      object == [
        "keys": [
          [
            "kty": "OKP", "crv": "Ed25519", "x": Published.publicKey, "use": "sig", "alg": "EdDSA",
            "kid": Published.thumbprint,
          ]
        ]
      ])
    #expect(try KeySet(json: set.json) == set)
  }

  @Test func addingTwiceChangesNothing() {
    let key = SigningKey().publicKey
    let set = KeySet().adding(key).adding(SigningKey().publicKey)
    #expect(set.keys.count == 2)
    #expect(set.adding(key) == set)
    #expect(set[key.keyID] == key)
    #expect(set["another"] == nil)
  }

  @Test func otherKeysInASetArePassedOver() throws {
    let json = """
      {"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}, {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "OKP", "crv": "X25519", "x": "AA"}, {"kty": "OKP", "crv": "Ed25519", "use": "enc", "x": "AA"},
        {"kty": "OKP", "crv": "Ed25519", "x": "\(Published.publicKey)", "note": 1}]}
      """
    #expect(try KeySet(json: Array(json.utf8)).keys.map(\.keyID) == [Published.thumbprint])
  }

  @Test(arguments: [
    "", "[]", "{}", #"{"keys": {}}"#,
    #"{"keys": [{"kty": "OKP", "crv": "Ed25519"}]}"#,
    #"{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AA"}]}"#,
    #"{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "\#(Published.publicKey)", "kid": "mine"}]}"#,
    #"{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "\#(Published.publicKey)", "d": "AA"}]}"#,
  ]) func aDamagedSetIsRefused(json: String) {
    let error = #expect(throws: TokenError.self) { try KeySet(json: Array(json.utf8)) }
    #expect(error?.kind == .invalidKey)
  }
}
