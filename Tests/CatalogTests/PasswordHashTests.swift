import Foundation
import Testing

@testable import Catalog

@Suite struct PasswordHashTests {
  /// RFC 7914, 12. The fourth vector takes 1 GiB of memory.
  @Test(arguments: [
    (
      "", "", PasswordCost(ln: 4, r: 1, p: 1),
      "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"
    ),
    (
      "password", "NaCl", PasswordCost(ln: 10, r: 8, p: 16),
      "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"
    ),
    (
      "pleaseletmein", "SodiumChloride", PasswordCost(ln: 14, r: 8, p: 1),
      "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"
    ),
  ]) func scryptGivesThePublishedBytes(password: String, salt: String, cost: PasswordCost, expected: String) throws {
    let key = try PasswordHash.derive(Array(password.utf8), salt: Array(salt.utf8), cost: cost, byteCount: 64)
    #expect(key.map { String(format: "%02x", $0) }.joined() == expected)
  }

  @Test func onlyTheSamePasswordMatches() throws {
    let hash = try PasswordHash(Array("correct horse".utf8), cost: .forTests)
    #expect(try hash.matches(Array("correct horse".utf8)))
    #expect(try !hash.matches(Array("correct horsf".utf8)))
    #expect(try !hash.matches(Array("correct horse ".utf8)))
    #expect(try !hash.matches([]))
  }

  @Test func aPasswordMayHoldAnyBytes() throws {
    let hash = try PasswordHash([0, 1, 0, 255], cost: .forTests)
    #expect(try hash.matches([0, 1, 0, 255]))
    #expect(try !hash.matches([0, 1, 0]))
    #expect(try !hash.matches([]))
  }

  @Test func samePasswordsHaveDifferentSalts() throws {
    let one = try PasswordHash([1], cost: .forTests)
    let other = try PasswordHash([1], cost: .forTests)
    #expect(one.salt.count == 16)
    #expect(one.salt != other.salt)
    #expect(one.key != other.key)
  }

  @Test func theTextIsAPHCString() throws {
    let hash = try PasswordHash(Array("correct horse".utf8), cost: .forTests)
    #expect(hash.text.wholeMatch(of: /\$scrypt\$ln=4,r=1,p=1\$[A-Za-z0-9+\/]{22}\$[A-Za-z0-9+\/]{43}/) != nil)
    #expect(PasswordHash(hash.text) == hash)
  }

  @Test(arguments: [
    "", "password", "$scrypt$ln=4,r=1,p=1$AAAA", "$scrypt$ln=4,r=1,p=1$AAAA$AAAA", "$argon2id$ln=4,r=1,p=1$AAAA$\(key)",
    "$scrypt$ln=4,r=1$AAAA$\(key)", "$scrypt$ln=40,r=1,p=1$AAAA$\(key)", "$scrypt$ln=-1,r=1,p=1$AAAA$\(key)",
    "$scrypt$ln=20,r=32,p=1$AAAA$\(key)", "$scrypt$ln=4,r=0,p=1$AAAA$\(key)", "$scrypt$ln=4,r=1,p=1$A$\(key)",
    "$scrypt$ln=4,r=1,p=1$AAAA=$\(key)", "x$scrypt$ln=4,r=1,p=1$AAAA$\(key)",
  ]) func aDamagedTextIsNoHash(text: String) { #expect(PasswordHash(text) == nil) }

  private static let key = String(repeating: "A", count: 43)

  @Test func aReadableTextWouldBeAHash() {
    #expect(PasswordHash("$scrypt$ln=4,r=1,p=1$AAAA$\(Self.key)") != nil)
  }

  @Test(arguments: [PasswordCost(ln: 0), PasswordCost(ln: 70), PasswordCost(ln: -1), PasswordCost(ln: 20, r: 32)])
  func nobodyPaysASenselessCost(cost: PasswordCost) {
    let error = #expect(throws: CatalogError.self) { try PasswordHash([1], cost: cost) }
    #expect(error?.kind == .invalid)
  }

  @Test func theStandardCostIs128MiB() throws {
    #expect(PasswordCost.standard == PasswordCost(ln: 17, r: 8, p: 1))
    #expect(PasswordCost.standard.memory >> 20 == 128)
    #expect(try PasswordHash([1], cost: .standard).key.count == 32)
  }
}
