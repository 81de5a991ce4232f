import Foundation
import GRDB
import SystemPackage

@testable import Catalog

/// A directory that goes when nobody holds it any more.
final class TemporaryDirectory: Sendable {
  let path: FilePath

  init() throws {
    path = FilePath(NSTemporaryDirectory()).appending("catalog-\(UUID().uuidString)")
    try FileManager.default.createDirectory(atPath: path.string, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path.string) }

  var database: FilePath { path.appending("catalog.sqlite") }

  /// A catalog in this directory whose passwords cost next to nothing.
  func catalog(cost: PasswordCost = .forTests) throws(CatalogError) -> Catalog {
    try Catalog(path: database, passwordCost: cost)
  }

  /// The permission bits of each file in the directory.
  func modes() throws -> [String: Int] {
    let names = try FileManager.default.contentsOfDirectory(atPath: path.string)
    return try Dictionary(
      uniqueKeysWithValues: names.map { name in
        let attributes = try FileManager.default.attributesOfItem(atPath: path.appending(name).string)
        return (name, attributes[.posixPermissions] as? Int ?? -1)
      })
  }
}

extension PasswordCost {
  static let forTests = PasswordCost(ln: 4, r: 1)
}

/// The kind of the error that `body` throws; nil where it throws none.
func refusal(_ body: () async throws(CatalogError) -> Void) async -> CatalogError.Kind? {
  do { try await body() } catch { return error.kind }
  return nil
}

extension Catalog {
  /// Empties the index of jobs, as somebody with a database tool might.
  func emptyIndex() async throws {
    try await write { db in
      try db.execute(sql: "DROP TABLE IF EXISTS jobs")
      try Schema.makeIndex(db)
    }
  }
}
