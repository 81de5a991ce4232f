import Foundation
import GRDB
import SystemPackage
import Tokens

@testable import AuthService
@testable import Catalog

/// A catalog in a directory that goes when nobody holds it any more, with its users' authority.
final class AuthUnderTest: Sendable {
  let catalog: Catalog
  let signer: AccessTokenSigner
  let authority: LocalAuthority
  private let directory: FilePath

  init() async throws {
    directory = FilePath(NSTemporaryDirectory()).appending("auth-\(UUID().uuidString)")
    try FileManager.default.createDirectory(atPath: directory.string, withIntermediateDirectories: true)
    catalog = try Catalog(path: directory.appending("catalog.sqlite"), passwordCost: PasswordCost(ln: 4, r: 1))
    let key = try await catalog.signingKey(for: .access)
    signer = AccessTokenSigner(key: key)
    authority = LocalAuthority(catalog: catalog, verifier: AccessTokenVerifier(keys: KeySet([key.publicKey])))
  }

  deinit { try? FileManager.default.removeItem(atPath: directory.string) }

  static let password = "correct horse"

  @discardableResult
  func addUser(_ email: String = "ann@example.org", isAdmin: Bool = false) async throws -> User {
    try await catalog.addUser(email: email, password: Self.password, isAdmin: isAdmin)
  }

  /// Changes the database as no command does.
  func execute(_ sql: String) async throws {
    try await catalog.write { db in try db.execute(sql: sql) }
  }

  /// Who holds a new API token with these scopes.
  func holder(_ email: String, _ scopes: Set<Scope>) async throws -> Caller {
    let (_, secret) = try await catalog.addToken(for: email, name: "test", scopes: scopes)
    return try await authority.caller(bearing: secret.text)
  }

  /// Why a token is not accepted; nil where it is.
  func refusal(of token: String) async throws -> TokenError.Kind? {
    do { _ = try await authority.caller(bearing: token) } catch let error as TokenError { return error.kind }
    return nil
  }
}
