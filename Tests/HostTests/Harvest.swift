import Foundation
import Glibc

@testable import EndToEndTests

/// A copy of a spool in which nothing happens any more, and what is wrong with it.
struct Harvest {
  /// A job in `done/`.
  struct Done {
    let id: String
    let directory: String
    /// How many claims ended otherwise than by this result: each counts the attempt on.
    let attempt: Int
    /// The name that it was offered under.
    let name: String
    /// Its MP3, from the copy's root on.
    let audio: String
    let sha256: String
    /// From its enqueuing, or adoption, to its result.
    let time: Double
  }

  let jobs: [Done]
  private(set) var complaints: [String] = []
  private let scratch: Scratch

  /// Copies the spool to this machine and reads its jobs.
  init(of fleet: Fleet) async throws {
    let scratch = fleet.lab.scratch
    self.scratch = scratch
    try await fleet.lab.run("tar -cf /host/spool.tar -C /share spool", on: "server", within: 200)
    let archive = fleet.lab.side.appending(path: "spool.tar").path
    try await scratch.run("tar", ["-xf", archive, "-C", scratch.directory.path])
    jobs = try Self.directories(scratch).map { try Self.job($0, in: scratch) }
    lookForRemains()
    lookForDuplicates()
    try await lookAtSums()
  }

  /// The claims that were for nothing.
  var repeated: Int { jobs.map(\.attempt).reduce(0, +) }
  var slowest: Double { jobs.map(\.time).max() ?? 0 }

  // MARK: - What must be so of each spool

  private mutating func lookForRemains() {
    for place in ["active", "failed", "corrupt", ".state/adopt"] {
      complaints += scratch.names(place).map { "\(place)/ has \($0)" }
    }
    complaints += scratch.names("incoming").filter { !$0.hasSuffix(".part") }.map { "incoming/ has \($0)" }
  }

  private mutating func lookForDuplicates() {
    for (id, same) in Dictionary(grouping: jobs, by: \.id) where same.count > 1 {
      complaints.append("\(id) was done \(same.count) times: \(same.map(\.directory))")
    }
  }

  private mutating func lookAtSums() async throws {
    let list = jobs.map { "\($0.sha256)  \($0.audio)\n" }.joined()
    let check = try await scratch.tool(
      "sh", ["-c", "cd \"$1\" && sha256sum --check --quiet", "sh", scratch.spool.path], input: list)
    complaints += check.lines
  }

  // MARK: - What must be so of an offering

  /// Each that was acknowledged has one result, and no other than the others.
  mutating func compare(with offering: Offering) async throws {
    let results = Dictionary(grouping: jobs, by: \.name)
    complaints += offering.acknowledged.filter { results[$0] == nil }.sorted().map { "\($0) has no result" }
    complaints += results.filter { $1.count > 1 }.keys.sorted().map { "\($0) has several results" }
    complaints += results.keys.filter { !offering.acknowledged.contains($0) && !offering.unanswered.contains($0) }.map {
      "\($0) was never offered"
    }
    try await listen()
    try lookAtLinks()
  }

  /// Is each result that of its own clip?
  private mutating func listen() async throws {
    for job in jobs {
      let tone = try await Clip.tone(of: "\(scratch.spool.path)/\(job.audio)", in: scratch)
      guard let clip = Offering.clip(named: job.name), abs(clip.tone - tone) <= 1 else {
        complaints.append("\(job.name) sounds at \(tone) Hz")
        continue
      }
    }
  }

  /// Each dropped file, and no other, has its MP3 as a plain file: the same one.
  private mutating func lookAtLinks() throws {
    let drops = jobs.filter { Offering.isDrop($0.name) }
    var links = Set(scratch.names("done").filter { $0.hasSuffix(".mp3") })
    for job in drops {
      let link = job.name.replacing(".mkv", with: ".mp3")
      guard links.remove(link) != nil else {
        complaints.append("\(job.name) was not exported")
        continue
      }
      if try inode("done/\(link)") != inode(job.audio) { complaints.append("\(link) is not the MP3 of \(job.id)") }
    }
    complaints += links.sorted().map { "done/ has \($0), which nobody dropped" }
  }

  private func inode(_ file: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: "\(scratch.spool.path)/\(file)")[.systemFileNumber] as? Int
  }

  // MARK: - Reading

  private static func directories(_ scratch: Scratch) -> [String] {
    scratch.names("done").filter { !$0.hasSuffix(".mp3") }
  }

  private struct Result: Decodable {
    let sha256: String
    let output: String
  }

  private static func job(_ directory: String, in scratch: Scratch) throws -> Done {
    let (parts, job) = (directory.split(separator: "."), "done/\(directory)")
    guard parts.count == 3 else { throw Disappointment(description: "done/ has \(directory)") }
    let result = "\(scratch.spool.path)/\(job)/a.\(parts[2])/result.json"
    let content = try JSONDecoder().decode(Result.self, from: Data(contentsOf: URL(filePath: result)))
    let sidecar = try String(contentsOfFile: "\(scratch.spool.path)/\(job)/job.jwt", encoding: .utf8)
    guard case .text(let name) = try claims(of: sidecar)["name"] else {
      throw Disappointment(description: "\(directory) has no name")
    }
    let ended = try FileManager.default.attributesOfItem(atPath: result)[.modificationDate] as? Date
    return Done(
      id: String(parts[0]), directory: directory, attempt: Int(parts[1]) ?? -1, name: name,
      audio: "\(job)/\(content.output)", sha256: content.sha256,
      time: (ended?.timeIntervalSince1970 ?? 0) - time(in: parts[0]))
  }

  /// When an id was made, in seconds since 1970; source: the ULID specification.
  private static func time(in id: Substring) -> Double {
    let digits = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    return Double(id.prefix(10).reduce(0) { $0 * 32 + (digits.firstIndex(of: $1) ?? 0) }) / 1000
  }
}
