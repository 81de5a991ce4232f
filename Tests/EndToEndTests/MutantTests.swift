import Foundation
import Testing

/// The numbers of the mutants, as `1-2000`; `etc/test hostile` gives them.
private let numbers: ClosedRange<Int>? = {
  let bounds = ProcessInfo.processInfo.environment["MP3SPOOL_TEST_MUTANTS"]?.split(separator: "-").compactMap {
    Int($0)
  }
  guard let bounds, bounds.count == 2, 0 < bounds[0], bounds[0] <= bounds[1] else { return nil }
  return bounds[0]...bounds[1]
}()

@Suite(.enabled(if: numbers != nil, "it takes minutes: etc/test hostile"))
struct MutantTests {
  /// A decoder may die of a mutant, since the jail is there for that, but nothing else.
  @Test func spoiledFilesCostNothingButTheirOwnJobs() async throws {
    let numbers = try #require(numbers)
    try await withScratch { scratch in
      let breed = try await scratch.breed()
      #expect(breed.containers.count >= 10)
      try await Accounts.add(to: scratch)
      try await scratch.serve(limit: .seconds(6 * 3600)) { service in
        var run = try MutantRun(service, breed)
        do { try await run.send(numbers) } catch {
          try await report(run)
          throw error
        }
        try await report(run)
        try await expectNothingLeft(of: numbers, run)
      }
    }
  }

  private func expectNothingLeft(of numbers: ClosedRange<Int>, _ run: MutantRun) async throws {
    let scratch = run.service.scratch
    #expect(run.pending.isEmpty, "these have no verdict: \(run.pending.keys.sorted())")
    #expect(run.tally.faults.isEmpty, "it is not the decoder that failed: \(run.tally.faults)")
    for watch in run.watches { #expect(watch.isWithinLimit, "\(watch)") }
    for place in ["incoming", "active", "done", "failed", "corrupt"] { #expect(scratch.names(place).isEmpty) }
    try await scratch.mp3spool("check")
    // Were all of them refused, nothing would have been tried.
    #expect(run.tally.converted > numbers.count / 4)
  }

  /// Tells what came of it, and keeps those for people that they may want to look at.
  private func report(_ run: MutantRun) async throws {
    let kept = run.tally.findings.map(\.mutant) + run.tally.faults.map(\.mutant) + run.pending.values
    if !kept.isEmpty {
      let folder = FileManager.default.temporaryDirectory.appending(path: "mp3spool-mutants-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try await run.service.scratch.make(kept, in: folder.path)
      let findings = (run.tally.findings + run.tally.faults).map { "\($0)\n" }.joined()
      print("\(findings)\(kept.count) mutants are kept in \(folder.path)")
    }
    print(run.summary)
  }
}
