import DurableFiles
import Foundation
import SystemPackage
import Testing

@testable import Spool

/// A spool for one test, removed with all that is in it at the end of its life.
final class TemporarySpool: Sendable {
  let root: FilePath
  let spool: Spool

  var layout: SpoolLayout { spool.layout }

  init(in parent: String = NSTemporaryDirectory()) throws {
    root = FilePath(parent).appending("SpoolTests-\(UUID().uuidString)")
    spool = try Spool(opening: root)
  }

  deinit { try? FileManager.default.removeItem(atPath: root.string) }

  static let source = Array("the bytes of a video".utf8)
  static let sidecar = Array("a signed sidecar".utf8)
  static let audio = Array("the bytes of an MP3".utf8)
  static let audioHash = "f48bac6b635177579b374ef24485be64db7b572063f087785f591ca2eb7c335e"

  /// Puts a job into `incoming/`.
  @discardableResult func enqueue(at time: Date = Date()) throws -> JobName {
    var staged = try spool.stage(JobID(at: time))
    let id = staged.id
    try staged.append(Self.source)
    try staged.commit(sidecar: Self.sidecar)
    return .waiting(id, attempt: 0)
  }

  /// Puts a job into `incoming/` and claims it.
  func claimed(by owner: Incarnation = .here()) throws -> Claim {
    try #require(try spool.claim(enqueue(), for: owner))
  }

  /// Gives a claim the output that a converter would give it.
  func convert(_ claim: Claim) throws {
    let output = try spool.makeOutput(of: claim)
    try Files.save(Self.audio, to: JobFiles.audio(inOutput: output))
  }

  /// A job in `done/`.
  func published() throws -> JobName {
    let claim = try claimed()
    try convert(claim)
    #expect(try spool.publish(claim, result: .ofTests(claim)) == .moved(to: .done, claim.endedName))
    return claim.endedName
  }

  /// A job in `failed/`.
  func failed() throws -> JobName {
    let claim = try claimed()
    #expect(try spool.fail(claim, .hopeless) == .moved(to: .failed, claim.endedName))
    return claim.endedName
  }

  /// Puts a file where people drop theirs.
  @discardableResult func drop(_ name: FilePath.Component, _ contents: String = "dropped") throws -> FilePath {
    let path = layout.incoming.appending(name)
    try write(contents, to: path)
    return path
  }

  func write(_ contents: String, to path: FilePath) throws {
    var file = try NewFile(creating: path)
    try file.write(Array(contents.utf8).span)
    try file.close()
  }

  func names(in directory: FilePath) throws -> Set<String> { Set(try Files.list(directory).map(\.name)) }

  /// The jobs in all four places.
  func jobs() throws -> [JobState: [JobName]] {
    var found: [JobState: [JobName]] = [:]
    for state in JobState.allCases {
      let names = try spool.list(state)
      if !names.isEmpty { found[state] = names }
    }
    return found
  }

  /// What there is at all, to be compared with what there is later: a write or a rename anywhere makes it another.
  func everything() throws -> [FilePath: FileStatus] { try contents(of: root) }

  private func contents(of directory: FilePath) throws -> [FilePath: FileStatus] {
    var found: [FilePath: FileStatus] = [:]
    for entry in try Files.list(directory) {
      let path = directory.appending(entry.component)
      found[path] = try Files.status(path)
      if entry.kind == .directory { found.merge(try contents(of: path)) { first, _ in first } }
    }
    return found
  }
}

extension JobResult {
  /// What `claim` may have achieved.
  static func ofTests(_ claim: Claim) -> JobResult {
    JobResult(
      sha256: TemporarySpool.audioHash, byteCount: Int64(TemporarySpool.audio.count), duration: 1,
      sampleRate: 44_100, channels: 2, bitrate: 190_000, container: "mov", codec: "aac",
      output: "a.\(claim.number)/audio.mp3")
  }
}

extension JobFailure {
  static let hopeless = JobFailure(code: "no-audio", sentence: "the file has no sound", isCertain: true)
  static let passing = JobFailure(code: "disk-full", sentence: "the disk is full", isCertain: false, isOfHost: true)
  static let unclear = JobFailure(code: "decoder-died", sentence: "the decoder died", isCertain: false)
}

/// Runs `work` on `count` threads at once and says what each returned.
func onThreads<Value: Sendable>(_ count: Int, _ work: @escaping @Sendable () throws -> Value) async throws -> [Value] {
  try await withThrowingTaskGroup(of: Value.self) { group in
    for _ in 0..<count { group.addTask { try await BlockingThreads.run { () throws in try work() } } }
    return try await group.reduce(into: []) { $0.append($1) }
  }
}

extension StagedJob {
  mutating func append(_ bytes: [UInt8]) throws(SpoolError) { try write(bytes.span) }
}
