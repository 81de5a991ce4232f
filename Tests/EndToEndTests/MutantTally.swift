import Foundation
import Testing

/// The `failure.json` of one attempt.
struct AttemptFailure: Decodable {
  let code: String
  let sentence: String
  let isCertain: Bool
  let isOfHost: Bool?

  /// The decoder was ended: by a signal, by its time, or for what it said. All other limits it tells of itself.
  var isDeath: Bool { Self.deaths.contains(code) || code == "limit-exceeded" && !isCertain }
  /// Neither the file nor its decoder can be blamed.
  var isFault: Bool { !isCertain && !isDeath }

  private static let deaths: Set = ["crashed", "exited", "timed-out", "violated-protocol"]
}

extension Scratch {
  /// Why each attempt at a job failed that did.
  func attemptFailures(of job: Job) throws -> [AttemptFailure] {
    let place = job.state == "waiting" ? "incoming" : job.state
    guard let directory = names(place).first(where: { $0.hasPrefix(job.fid) }) else {
      throw Disappointment(description: "\(job.fid) is not in \(place)/")
    }
    let attempts = names("\(place)/\(directory)").filter { $0.hasPrefix("a.") }
    let contents = attempts.compactMap {
      FileManager.default.contents(atPath: "\(spool.path)/\(place)/\(directory)/\($0)/failure.json")
    }
    return try contents.map { try JSONDecoder().decode(AttemptFailure.self, from: $0) }
  }
}

/// What became of mutants.
struct MutantTally {
  /// A mutant, and what happened at attempts to convert it.
  struct Finding: CustomStringConvertible {
    let mutant: Mutant
    let sentences: [String]

    var description: String { "\(mutant): \(sentences.joined(separator: "; "))" }
  }

  private(set) var converted = 0
  /// How many were refused for what.
  private(set) var refusals: [String: Int] = [:]
  /// How many decoders died of what.
  private(set) var deaths: [String: Int] = [:]
  /// Those whose decoder died, which its jail is there for.
  private(set) var findings: [Finding] = []
  /// Those that met with something else than a decoder that could not make anything of them.
  private(set) var faults: [Finding] = []

  mutating func add(_ mutant: Mutant, _ verdict: Job.Failure?, _ failures: [AttemptFailure]) {
    if let verdict { refusals[Self.cause(verdict.code, verdict.sentence), default: 0] += 1 } else { converted += 1 }
    for failure in failures where failure.isDeath {
      deaths[Self.cause(failure.code, failure.sentence), default: 0] += 1
    }
    note(mutant, failures.filter(\.isDeath), in: &findings)
    note(mutant, failures.filter(\.isFault), in: &faults)
  }

  private func note(_ mutant: Mutant, _ failures: [AttemptFailure], in list: inout [Finding]) {
    if !failures.isEmpty { list.append(Finding(mutant: mutant, sentences: failures.map(\.sentence))) }
  }

  /// What is counted together: sentences of these codes say which signal or which limit it was.
  private static func cause(_ code: String, _ sentence: String) -> String {
    ["crashed", "exited", "limit-exceeded", "violated-protocol"].contains(code) ? "\(code) (\(sentence))" : code
  }

  var refused: Int { refusals.values.reduce(0, +) }
  var died: Int { deaths.values.reduce(0, +) }

  /// A line for each cause, the most frequent first.
  var causes: String { Self.list("Refused", refusals) + Self.list("Decoders died", deaths) }

  private static func list(_ title: String, _ counts: [String: Int]) -> String {
    let lines = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "  \($0.value) \($0.key)\n" }
    return lines.isEmpty ? "" : "\(title):\n" + lines.joined()
  }
}
