import Foundation
import Spool
import Testing

@testable import Catalog

@Suite struct UploadKeyTests {
  private let directory: TemporaryDirectory
  private let catalog: Catalog

  init() throws {
    directory = try TemporaryDirectory()
    catalog = try directory.catalog()
  }

  private let key = UploadKey(owner: "a@example.com", key: "k")
  private let past = Date(timeIntervalSinceNow: -60)

  private func upload(_ name: String? = nil, _ size: Int64? = nil) -> KeyedUpload {
    KeyedUpload(fid: JobID(at: Date()), name: name, size: size)
  }

  @Test func firstUploadOfAKeyStands() async throws {
    let (first, second) = (upload("a", 5), upload("b", 6))
    #expect(try await catalog.reserve(key, for: first, forgettingBefore: past) == first)
    #expect(try await catalog.reserve(key, for: second, forgettingBefore: past) == first)
    let others = UploadKey(owner: "b@example.com", key: "k")
    #expect(try await catalog.reserve(others, for: second, forgettingBefore: past) == second)
  }

  @Test func releasedOrOldKeyIsFree() async throws {
    let (first, second, third) = (upload(), upload(), upload())
    _ = try await catalog.reserve(key, for: first, forgettingBefore: past)
    try await catalog.release(key)
    #expect(try await catalog.reserve(key, for: second, forgettingBefore: past) == second)
    let future = Date(timeIntervalSinceNow: 60)
    #expect(try await catalog.reserve(key, for: third, forgettingBefore: future) == third)
  }

  @Test func duplicateTakesTheEarlierJobsPlace() async throws {
    let (first, original) = (upload("a", 5), JobID(at: Date()))
    _ = try await catalog.reserve(key, for: first, forgettingBefore: past)
    try await catalog.settle(key, asDuplicateOf: original)
    let known = try await catalog.reserve(key, for: upload(), forgettingBefore: past)
    #expect(known == KeyedUpload(fid: original, name: "a", size: 5, isDuplicate: true))
  }

  @Test func whatIsNotSaidIsNoDifference() {
    #expect(upload("a", 5).agrees(with: upload("a", 5)))
    #expect(upload(nil, 5).agrees(with: upload("a", nil)))
    #expect(!upload("a", 5).agrees(with: upload("b", 5)))
    #expect(!upload("a", 5).agrees(with: upload("a", 6)))
  }
}
