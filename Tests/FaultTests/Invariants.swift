import DurableFiles
import Foundation
import SystemPackage
import Testing

@testable import Spool
@testable import SpoolTests
@testable import SpoolTrials

extension Ground {
  /// Does what the next process does at its start.
  func recover() throws {
    #expect(try Trial(spool: spool, words: [Step.sidecar]).run(.recover) == "done ", "there were strangers")
  }

  /// Converts whatever is left, as other hosts do that find its owners dead.
  func finish() throws {
    let owners = Set(try spool.list(.active).compactMap(Claim.init).map(\.owner))
    for owner in owners { try spool.reclaim(from: owner) }
    for name in try spool.waitingJobs() {
      let claim = try #require(try spool.claim(name, for: .here()))
      try directory.convert(claim)
      #expect(try spool.publish(claim, result: .ofTests(claim)) == .moved(to: .done, claim.endedName))
    }
  }

  /// Expects what holds at every moment: each job whole and in one place, and no MP3 that is not what its result says.
  func expectWhole(_ moment: String) throws {
    let jobs = try directory.jobs()
    let ids = jobs.values.joined().map(\.id)
    #expect(Set(ids).count == ids.count, "a job is in two places, \(moment)")
    for (state, names) in jobs {
      for name in names { try expectWhole(name, in: state, moment) }
    }
    #expect(try directory.names(in: layout.corrupt) == [], "\(moment)")
    #expect(try spool.unknownNames().isEmpty, "\(moment)")
    #expect(try orphanedExports() == [], "\(moment)")
  }

  private func expectWhole(_ name: JobName, in state: JobState, _ moment: String) throws {
    let job = layout.job(name, in: state)
    #expect(try spool.complaints(about: name, in: state) == [], "\(name), \(moment)")
    let source = try Files.read(JobFiles.source(in: job), limit: 100)
    #expect([TemporarySpool.source, Array("dropped".utf8)].contains(source), "\(name), \(moment)")
    #expect(try spool.sidecar(in: job) == TemporarySpool.sidecar, "\(name), \(moment)")
    guard state == .done, case .ended(_, _, let number) = name else { return }
    let result = try #require(try spool.result(of: number, in: job))
    let audio = try Files.read(job.appending(result.output), limit: 1000)
    #expect(sha256(of: audio) == result.sha256, "\(name), \(moment)")
  }

  /// Plain files in done/ that are no done job's MP3.
  private func orphanedExports() throws -> [String] {
    let audio = try spool.list(.done).compactMap { name -> UInt64? in
      guard case .ended(_, _, let number) = name else { return nil }
      let output = JobFiles.output(of: number, in: layout.job(name, in: .done))
      return try Files.status(JobFiles.audio(inOutput: output))?.inode
    }
    return try exports().filter { name in
      try Files.status(layout.done.appending(name)).map { !audio.contains($0.inode) } ?? false
    }
  }

  /// The MP3s that people find.
  func exports() throws -> [String] {
    try Files.list(layout.done).filter { $0.kind == .file && !$0.name.hasPrefix(".") }.map(\.name)
  }
}

/// Which names there were at several moments.
struct History {
  private var moments: [Set<String>] = []

  mutating func note(_ ground: Ground) throws {
    let jobs = try ground.directory.jobs()
    moments.append(Set(jobs.flatMap { state, names in names.map { "\(state)/\($0)" } }))
  }

  /// The names that came back after they had gone, against rule R1.
  var recurring: Set<String> {
    var gone: Set<String> = []
    var found: Set<String> = []
    for (before, after) in zip(moments, moments.dropFirst()) {
      gone.formUnion(before.subtracting(after))
      found.formUnion(after.intersection(gone))
    }
    return found
  }
}
