import Catalog
import DurableFiles
import Foundation
import GRDB
import Keeper
import Logging
import SystemPackage
import Testing
import Tokens
import WireFormats

@testable import Spool

/// A spool with its database and its key, for one test; removed at the end of its life.
final class TemporaryHouse: Sendable {
  let root: FilePath
  let spool: Spool
  let catalog: Catalog
  let signer: SidecarSigner
  let owner = Incarnation.here()

  var layout: SpoolLayout { spool.layout }
  var indexer: Indexer { Indexer(spool: spool, catalog: catalog, logger: .silent) }

  init() throws {
    root = FilePath(NSTemporaryDirectory()).appending("KeeperTests-\(UUID().uuidString)")
    spool = try Spool(opening: root)
    catalog = try Catalog(path: root.appending("mp3spool.sqlite"))
    let key = SigningKey()
    try spool.publish(key.publicKey)
    signer = SidecarSigner(key: key)
  }

  deinit { try? FileManager.default.removeItem(atPath: root.string) }

  /// A job in `incoming/`, of which the index does not know yet.
  func enqueue(
    _ name: String = "video.mp4", origin: JobOrigin = .upload, id: JobID = JobID(at: Date())
  ) async throws -> Sidecar {
    let source = Array("the bytes of a video".utf8)
    var options = ConversionOptions()
    options.track = .number(2)
    let sidecar = Sidecar(
      id: id, owner: "somebody@example.org", name: name, size: Int64(source.count),
      sha256: String(repeating: "a", count: 64), options: options, origin: origin, issuedAt: Date())
    let signed = try await signer.sign(sidecar)
    var staged = try spool.stage(sidecar.id)
    try staged.write(source.span)
    try staged.commit(sidecar: signed)
    return sidecar
  }

  func claim(_ sidecar: Sidecar, attempt: Int = 0) throws -> Claim {
    try #require(try spool.claim(.waiting(sidecar.id, attempt: attempt), for: owner))
  }

  @discardableResult func publish(_ sidecar: Sidecar, attempt: Int = 0) throws -> JobName {
    let claim = try claim(sidecar, attempt: attempt)
    let audio = Array("MP3 of \(sidecar.id)".utf8)
    let output = try spool.makeOutput(of: claim)
    try Files.save(audio, to: JobFiles.audio(inOutput: output))
    let result = JobResult(
      sha256: String(repeating: "b", count: 64), byteCount: Int64(audio.count), duration: 1.5, sampleRate: 44_100,
      channels: 2, bitrate: 190_000, container: "mov", codec: "aac", warnings: ["a warning"],
      output: "a.\(claim.number)/audio.mp3")
    #expect(try spool.publish(claim, result: result) == .moved(to: .done, claim.endedName))
    return claim.endedName
  }

  @discardableResult func fail(_ sidecar: Sidecar) throws -> JobName {
    let claim = try claim(sidecar)
    let failure = JobFailure(code: "no-audio-track", sentence: "the file has no sound", isCertain: true)
    #expect(try spool.fail(claim, failure) == .moved(to: .failed, claim.endedName))
    return claim.endedName
  }

  /// One job in each state, and one dropped.
  func fill() async throws {
    _ = try await enqueue("waits.mp4")
    _ = try claim(try await enqueue("active.mp4"))
    try publish(try await enqueue("uploaded.mp4"))
    try publish(try await enqueue("dropped.mp4", origin: .drop))
    try publish(try await enqueue("dropped.mp4", origin: .drop))
    try fail(try await enqueue("hopeless.txt"))
  }

  /// All rows of the index.
  func rows() async throws -> [JobRecord] { try await catalog.jobs(limit: .max) }

  /// Takes the job tables away, as somebody with a database tool might.
  func dropTables() throws { try change("DROP TABLE jobs; DROP TABLE expired_jobs") }

  /// Changes the database behind the catalog's back.
  func change(_ sql: String) throws {
    let database = try DatabaseQueue(path: catalog.path.string)
    try database.write { try $0.execute(sql: sql) }
  }

  func names(in directory: FilePath) throws -> Set<String> { Set(try Files.list(directory).map(\.name)) }

  /// A plain file where people drop theirs.
  func drop(_ name: FilePath.Component, _ contents: String = "dropped") throws {
    var file = try NewFile(creating: layout.incoming.appending(name))
    try file.write(Array(contents.utf8).span)
    try file.close()
  }
}

extension Logger {
  static let silent = Logger(label: "KeeperTests") { _ in SwiftLogNoOpLogHandler() }
}

extension TemporaryHouse {
  /// What becomes of dropped files here.
  var drops: @Sendable () -> DropRules {
    let rules = DropRules(owner: "drop", options: ConversionOptions(), signer: signer)
    return { rules }
  }
}
