import FoundationEssentials

/// Public keys by name: those that a signature may be checked with. Its JSON form is a JWK Set (RFC 7517, 5) of
/// Ed25519 keys (RFC 8037, 2).
public struct KeySet: Sendable, Equatable {
  public private(set) var keys: [PublicKey] = []

  /// A set without keys: nothing passes.
  public init() {}

  public init(_ keys: some Sequence<PublicKey>) {
    self = keys.reduce(KeySet()) { set, key in set.adding(key) }
  }

  /// Reads a JWK Set. Keys of other types and for other uses are passed over, as RFC 7517, 5 asks.
  ///
  /// - Throws: `invalidKey` where the JSON is no JWK Set, or holds a private key, or an Ed25519 key that is damaged or
  ///   goes by a name other than its thumbprint.
  public init(json: [UInt8]) throws(TokenError) {
    guard let set = try? JSONDecoder().decode(JSONWebKeySet.self, from: Data(json)) else {
      throw TokenError(.invalidKey, "The key set is not a JSON Web Key Set.")
    }
    var keys: [PublicKey] = []
    for key in set.keys where key.isForEd25519Signatures { keys.append(try key.publicKey()) }
    self.init(keys)
  }

  /// The set as a JWK Set.
  public var json: [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let set = JSONWebKeySet(keys: keys.map(JSONWebKey.init))
    // Strings only, which JSON can always say.
    return (try? encoder.encode(set)).map { Array($0) } ?? Array(#"{"keys":[]}"#.utf8)
  }

  /// The set with one key more; the same set where it has that key already.
  public func adding(_ key: PublicKey) -> KeySet {
    guard self[key.keyID] == nil else { return self }
    var set = self
    set.keys.append(key)
    return set
  }

  /// The key of that name.
  public subscript(keyID: String) -> PublicKey? { keys.first { $0.keyID == keyID } }
}

private struct JSONWebKeySet: Codable {
  var keys: [JSONWebKey]
}

/// The members of a JWK that matter for an Ed25519 signature (RFC 8037, 2; RFC 7517, 4).
private struct JSONWebKey: Codable {
  var kty: String
  var crv: String?
  var x: String?
  var d: String?
  var use: String?
  var alg: String?
  var kid: String?

  init(_ key: PublicKey) {
    kty = "OKP"
    crv = "Ed25519"
    x = Base64URL.encode(key.rawRepresentation)
    use = "sig"
    alg = "EdDSA"
    kid = key.keyID
  }

  var isForEd25519Signatures: Bool {
    kty == "OKP" && crv == "Ed25519" && (use ?? "sig") == "sig" && (alg ?? "EdDSA") == "EdDSA"
  }

  func publicKey() throws(TokenError) -> PublicKey {
    guard d == nil else {
      throw TokenError(.invalidKey, "The key set holds a private key. Take it out, and replace that key everywhere.")
    }
    guard let x, let bytes = Base64URL.decode(x) else {
      throw TokenError(.invalidKey, "The key set holds an Ed25519 key without its bytes.")
    }
    let key = try PublicKey(rawRepresentation: bytes)
    guard kid == nil || kid == key.keyID else {
      throw TokenError(.invalidKey, "The key set holds an Ed25519 key whose name does not fit its bytes.")
    }
    return key
  }
}
