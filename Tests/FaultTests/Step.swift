import DurableFiles
import Foundation
import SystemPackage
import Testing

@testable import Spool
@testable import SpoolTests
@testable import SpoolTrials

extension Step {
  /// The step whose calls this one begins with, and which are tried there.
  var groundwork: Step? {
    switch self {
    case .open: nil
    case .beat: .register
    case .keys, .clock, .register, .declareDead, .enqueue, .resume, .adopt, .claim, .publish, .convert, .fail,
      .giveBack, .reclaim, .export, .clean, .cancel, .retry, .recover, .list:
      .open
    }
  }

  /// Makes what there is before the step.
  func prepare(_ ground: Ground) throws {
    let (directory, owner) = (ground.directory, ground.owner)
    switch self {
    case .open, .keys, .clock, .register, .beat, .declareDead, .enqueue, .resume: break
    case .adopt: try directory.drop(Self.dropped)
    case .claim, .convert: try directory.enqueue()
    case .publish, .cancel: _ = try directory.claimed(by: owner)
    case .fail, .giveBack, .reclaim: try directory.convert(try directory.claimed(by: owner))
    case .retry: _ = try directory.failed()
    case .export, .list: _ = try directory.published()
    case .clean: _ = try directory.spool.export(directory.published(), as: [Self.exported])
    case .recover: try leaveTraces(in: directory, owner)
    }
  }

  /// What services that were killed leave: a claim, an adoption, half of a deletion.
  private func leaveTraces(in directory: TemporarySpool, _ owner: Incarnation) throws {
    try directory.convert(try directory.claimed(by: owner))
    try directory.drop("video.mp4")
    _ = try directory.spool.adopt("video.mp4", as: JobID(at: Date()))
    let leftover = directory.layout.trash.appending("leftover")
    try Files.makeDirectory(leftover)
    try directory.write("", to: leftover.appending("file"))
  }

  /// The words that the step is called with.
  func words(on ground: Ground) throws -> [String] {
    switch self {
    case .open, .keys, .clock, .export, .list: []
    case .register, .beat: ["\(Incarnation.here())"]
    case .enqueue, .resume: [Self.sidecar, String(decoding: TemporarySpool.source, as: UTF8.self)]
    case .adopt: [Self.sidecar, Self.dropped.string]
    case .declareDead, .claim, .convert, .publish, .fail, .giveBack, .reclaim: ["\(ground.owner)"]
    case .cancel, .retry: ["\(try #require(try ground.directory.jobs().values.joined().first).id)"]
    case .clean: [Self.exported]
    case .recover: [Self.sidecar]
    }
  }

  /// Does the step end jobs without a result?
  var mayFail: Bool { self == .fail || self == .cancel }

  static let dropped: FilePath.Component = "video.mp4"
  static let exported = "video.mp3"
  static let sidecar = String(decoding: TemporarySpool.sidecar, as: UTF8.self)
}
