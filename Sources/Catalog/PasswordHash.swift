import CCrypto
import Foundation
import WireFormats

/// What a password's hash costs: 128 · r · 2^ln bytes of memory and as many steps, p times (RFC 7914, 2).
public struct PasswordCost: Sendable, Hashable {
  /// The binary logarithm of N.
  public var ln: Int
  public var r: Int
  public var p: Int

  public init(ln: Int, r: Int = 8, p: Int = 1) {
    self.ln = ln
    self.r = r
    self.p = p
  }

  /// 128 MiB and some tenths of a second: the first choice of OWASP's Password Storage Cheat Sheet.
  public static let standard = PasswordCost(ln: 17)

  /// The bytes of memory that OpenSSL counts (EVP_PBE_scrypt(3): Blen + 32 · r · (N + 2) · 4).
  var memory: UInt64 { 128 * UInt64(r) * (UInt64(p) + (1 << UInt64(ln)) + 2) }

  /// A cost that one would pay: damaged parameters must not take all memory.
  var isSensible: Bool { (1...20).contains(ln) && (1...32).contains(r) && (1...16).contains(p) && memory <= 1 << 30 }
}

/// A password's scrypt hash. All calls into libcrypto are here; they block for as long as the cost says.
struct PasswordHash: Sendable, Equatable {
  let cost: PasswordCost
  let salt: [UInt8]
  let key: [UInt8]

  /// Hashes a password with 16 new random bytes of salt.
  init(_ password: [UInt8], cost: PasswordCost) throws(CatalogError) {
    let salt = (0..<16).map { _ in UInt8.random(in: .min ... .max) }
    self.init(cost: cost, salt: salt, key: try Self.derive(password, salt: salt, cost: cost, byteCount: 32))
  }

  private init(cost: PasswordCost, salt: [UInt8], key: [UInt8]) {
    self.cost = cost
    self.salt = salt
    self.key = key
  }

  /// A hash that costs as much as others and fits no password that anybody could find.
  static func decoy(cost: PasswordCost) -> PasswordHash {
    PasswordHash(cost: cost, salt: Array(repeating: 0, count: 16), key: Array(repeating: 0, count: 32))
  }

  /// Whether it is the hash of that password. The comparison takes the same time wherever the two differ.
  func matches(_ password: [UInt8]) throws(CatalogError) -> Bool {
    let candidate = try Self.derive(password, salt: salt, cost: cost, byteCount: key.count)
    return unsafe CRYPTO_memcmp(candidate, key, key.count) == 0
  }

  /// scrypt (RFC 7914).
  ///
  /// - Throws: `invalid` for a cost that nobody would pay, `busy` for want of memory.
  static func derive(
    _ password: [UInt8], salt: [UInt8], cost: PasswordCost, byteCount: Int
  ) throws(CatalogError) -> [UInt8] {
    guard cost.isSensible else {
      throw CatalogError(.invalid, "No password is hashed with ln = \(cost.ln), r = \(cost.r), p = \(cost.p).")
    }
    var key = [UInt8](repeating: 0, count: byteCount)
    let characters = password.map { CChar(bitPattern: $0) }
    let result = unsafe EVP_PBE_scrypt(
      characters, characters.count, salt, salt.count, 1 << UInt64(cost.ln), UInt64(cost.r), UInt64(cost.p), cost.memory,
      &key, byteCount)
    guard result == 1 else {
      ERR_clear_error()
      throw CatalogError(.busy, "There is not enough memory to hash a password (\(cost.memory >> 20) MiB). Try again.")
    }
    return key
  }
}

extension PasswordHash {
  /// The hash as it is stored, in the PHC string format: `$scrypt$ln=17,r=8,p=1$salt$hash`, with unpadded base64.
  var text: String {
    "$scrypt$ln=\(cost.ln),r=\(cost.r),p=\(cost.p)$\(Self.base64(salt))$\(Self.base64(key))"
  }

  /// Reads ``text``; nil where it is none, or its cost makes no sense.
  init?(_ text: String) {
    let fields = text.split(separator: "$", omittingEmptySubsequences: false)
    guard fields.count == 5, fields[0].isEmpty, fields[1] == "scrypt", let cost = PasswordCost(fields[2]),
      let salt = Self.bytes(fields[3]), let key = Self.bytes(fields[4]), key.count >= 16
    else { return nil }
    self.init(cost: cost, salt: salt, key: key)
  }

  private static func base64(_ bytes: [UInt8]) -> String {
    Data(bytes).base64EncodedString().trimmingCharacters(in: ["="])
  }

  private static func bytes(_ text: Substring) -> [UInt8]? {
    Base64.decode(text + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4))
  }
}

extension PasswordCost {
  /// Reads `ln=17,r=8,p=1`.
  fileprivate init?(_ text: Substring) {
    let fields = text.split(separator: ",", omittingEmptySubsequences: false)
    guard fields.count == 3, fields[0].hasPrefix("ln="), fields[1].hasPrefix("r="), fields[2].hasPrefix("p="),
      let ln = Int(fields[0].dropFirst(3)), let r = Int(fields[1].dropFirst(2)), let p = Int(fields[2].dropFirst(2))
    else { return nil }
    self.init(ln: ln, r: r, p: p)
    guard isSensible else { return nil }
  }
}
