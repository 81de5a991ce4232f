import Foundation
import Testing

/// Sends mutants through a running service until each has its verdict, and watches the service meanwhile.
struct MutantRun {
  let service: Service
  let breed: Breed
  /// Of the service and of its zygote, which decodes nothing itself.
  private(set) var watches: [ProcessWatch]
  private(set) var tally = MutantTally()
  /// Those that the service has and of which it has not said what became of them.
  private(set) var pending: [String: Mutant] = [:]
  private var lastVerdict = ContinuousClock.now

  /// So many are made and sent together, whenever no more than that are under way: neither do they fill the disk, nor
  /// does one that is tried three times keep all others waiting.
  private static let wave = 50
  /// One in so many is uploaded; the others are moved into the folder.
  private static let uploadInterval = 10
  /// Three attempts of a decoder that is stuck take 205 s with the pauses between them.
  private static let patience = Duration.seconds(600)

  init(_ service: Service, _ breed: Breed) throws {
    self.service = service
    self.breed = breed
    // The conversion of a few files at a time needs less, whatever is in them.
    watches = try service.watches(allowance: 160 << 20)
  }

  private var scratch: Scratch { service.scratch }

  /// Returns when each has its verdict or there was none for too long. Throws when the service or its zygote is gone, or
  /// does not answer.
  mutating func send(_ numbers: ClosedRange<Int>) async throws {
    var next = numbers.lowerBound
    while next <= numbers.upperBound || !pending.isEmpty {
      if pending.count <= Self.wave, next <= numbers.upperBound {
        let wave = next...min(next + Self.wave - 1, numbers.upperBound)
        try await hand(over: wave.map(breed.mutant))
        next = wave.upperBound + 1
      }
      try await Task.sleep(for: .milliseconds(500))
      try await look()
      guard ContinuousClock.now - lastVerdict < Self.patience else { return }
    }
  }

  /// One line of everything, after what the causes were.
  var summary: String {
    let lost = pending.isEmpty ? "" : "\(pending.count) without a verdict, "
    return tally.causes + """
      \(tally.converted + tally.refused + pending.count) mutants of \(breed.containers.count) containers: \
      \(tally.converted) converted, \(tally.refused) refused, \(lost)\(tally.died) decoder deaths; \
      \(watches.map(\.description).joined(separator: ", "))
      """
  }

  private mutating func hand(over mutants: [Mutant]) async throws {
    let nursery = scratch.path("mutants")
    try FileManager.default.createDirectory(atPath: nursery, withIntermediateDirectories: true)
    try await scratch.make(mutants, in: nursery)
    for mutant in mutants {
      let file = "\(nursery)/\(mutant.name)"
      pending[mutant.name] = mutant
      if mutant.number % Self.uploadInterval == 0 {
        _ = try await service.upload(file)
        try FileManager.default.removeItem(atPath: file)
      } else {
        let target = scratch.spool.appending(path: "incoming/\(mutant.name)").path
        try FileManager.default.moveItem(atPath: file, toPath: target)
      }
    }
  }

  private mutating func look() async throws {
    for index in watches.indices { try watches[index].look() }
    let health = try await service.request("/healthz")
    guard health.status == 200 else { throw Disappointment(description: "the service is not well: \(health)") }
    for state in ["done", "failed"] {
      let ended = try await service.request("/jobs?limit=1000&state=\(state)").json(JobList.self).jobs
      for job in ended { try judge(job) }
      try await remove(ended)
    }
  }

  private mutating func judge(_ job: Job) throws {
    // One whose removal failed is listed again.
    guard let mutant = pending.removeValue(forKey: job.name) else { return }
    lastVerdict = .now
    if job.state == "failed" {
      #expect(job.error?.sentence.isEmpty == false, "\(mutant) failed without a sentence")
    }
    tally.add(mutant, job.error, try scratch.attemptFailures(of: job))
  }

  private func remove(_ jobs: [Job]) async throws {
    guard let last = jobs.last else { return }
    let others = jobs.dropLast().map { "\(service.gateway)/jobs/\($0.fid)" }
    _ = try await scratch.curl(
      "\(service.gateway)/jobs/\(last.fid)", ["-X", "DELETE"] + others, token: Accounts.adminToken)
  }
}

/// A process that must stay, and may take only so much memory more than it ever had.
struct ProcessWatch: CustomStringConvertible {
  let name: String
  private let process: Int32
  private let start: Int
  private let limit: Int
  private var peak: Int

  init(_ process: Int32, _ name: String, allowance: Int) throws {
    (self.process, self.name) = (process, name)
    let memory = try Memory(of: process)
    (start, limit, peak) = (memory.peak, memory.peak + allowance, memory.peak)
  }

  var isWithinLimit: Bool { peak <= limit }

  mutating func look() throws {
    guard let memory = try? Memory(of: process) else { throw Disappointment(description: "the \(name) is gone") }
    peak = max(peak, memory.peak)
  }

  var description: String { "\(name) memory at most \(peak >> 20) MB (limit \(limit >> 20), start \(start >> 20))" }
}

extension Service {
  /// The service and its zygote, which decodes nothing itself: each may take so many bytes more than until now.
  func watches(allowance: Int) throws -> [ProcessWatch] {
    let zygote = try #require(zygote, "the service has no zygote")
    return [
      try ProcessWatch(processIdentifier, "service", allowance: allowance),
      try ProcessWatch(zygote, "zygote", allowance: allowance),
    ]
  }
}
