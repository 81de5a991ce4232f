import Foundation
import JWTKit
import Testing

@testable import Tokens

/// A token that was taken apart, to be changed and put together again.
struct Forgery {
  var header: [String: JWTHeaderField]
  var claims: [String: JWTHeaderField]

  init(_ token: String) throws {
    let parts = try token.split(separator: ".").map { Data(try #require(Base64URL.decode($0))) }
    header = try JSONDecoder().decode([String: JWTHeaderField].self, from: parts[0])
    claims = try JSONDecoder().decode([String: JWTHeaderField].self, from: parts[1])
  }

  init(_ token: [UInt8]) throws { try self.init(String(decoding: token, as: UTF8.self)) }

  /// Signed with that key, whatever the header says of it.
  func signed(by key: SigningKey) async throws -> String {
    try await signed(with: JWTKeyCollection().add(eddsa: key.key))
  }

  /// Signed with HMAC-SHA256, whatever the header says of it.
  func signed(bySecret secret: [UInt8]) async throws -> String {
    try await signed(with: JWTKeyCollection().add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256))
  }

  /// With that text in place of a signature.
  func signed(withText signature: String) throws -> String {
    let parts = try [header, claims].map { Base64URL.encode(try JSONEncoder().encode($0)) }
    return "\(parts[0]).\(parts[1]).\(signature)"
  }

  private func signed(with keys: JWTKeyCollection) async throws -> String {
    try await keys.sign(AnyClaims(fields: claims), header: JWTHeader(fields: header))
  }
}

private struct AnyClaims: JWTPayload {
  let fields: [String: JWTHeaderField]

  init(fields: [String: JWTHeaderField]) { self.fields = fields }

  init(from decoder: any Decoder) throws { fields = try .init(from: decoder) }

  func encode(to encoder: any Encoder) throws { try fields.encode(to: encoder) }

  func verify(using algorithm: some JWTAlgorithm) {}
}

/// The kind of the error that `body` throws; nil where it throws none.
func refusal(_ body: () async throws(TokenError) -> Void) async -> TokenError.Kind? {
  do { try await body() } catch { return error.kind }
  return nil
}
