public import Catalog
import DurableFiles
import Foundation
public import Spool

/// Removes ended jobs; it never touches one that waits or is being converted.
public struct Cleaning: Sendable {
  private let spool: Spool
  private let catalog: Catalog

  public init(spool: Spool, catalog: Catalog) {
    self.spool = spool
    self.catalog = catalog
  }

  /// The jobs that go by one of the rules, each once, those that ended first in front.
  public func victims(of rules: [RetentionRule]) async throws -> [EndedJob] {
    let ended = try await catalog.endedJobs()
    let (now, free) = try await BlockingThreads.run { [spool] in
      // When jobs ended is told by the spool's own clock, which this host's need not agree with.
      (try spool.now() / .seconds(1), try Files.freeSpace(at: spool.layout.root).bytes)
    }
    var left = ended
    var victims: [EndedJob] = []
    for rule in rules {
      let freed = victims.reduce(0) { $0 + $1.byteCount }
      let more = rule.victims(among: left, now: Date(timeIntervalSince1970: now), free: free + freed)
      let ids = Set(more.map(\.id))
      left.removeAll { ids.contains($0.id) }
      victims += more
    }
    return victims.sorted { ($0.endedAt, $0.id) < ($1.endedAt, $1.id) }
  }

  /// Removes a job's directory, its exported MP3 and its row; what remains is the knowledge that it was there.
  ///
  /// - Returns: false where it is kept, since somebody has tried it again.
  public func remove(_ job: EndedJob) async throws -> Bool {
    try await remove(job.id, job.state, job.directory, exported: job.exportedName)
  }

  /// The same, of a job that must have ended.
  public func remove(_ record: JobRecord) async throws -> Bool {
    try await remove(record.id, record.state, record.directory, exported: record.exportedName)
  }

  private func remove(_ id: JobID, _ state: JobState, _ directory: String, exported: String?) async throws -> Bool {
    let isKept = try await BlockingThreads.run { [spool] () throws(SpoolError) in
      if let name = JobName(directory), try spool.clean(name, in: state, exported: exported) { return false }
      return try spool.find(id) != nil
    }
    if isKept { return false }
    try await catalog.expire(id)
    return true
  }
}
