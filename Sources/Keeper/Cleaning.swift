public import Catalog
import DurableFiles
public import Foundation
public import Spool

/// Removes ended jobs that are old enough; it never touches one that waits or is being converted.
public struct Cleaning: Sendable {
  private let spool: Spool
  private let catalog: Catalog

  public init(spool: Spool, catalog: Catalog) {
    self.spool = spool
    self.catalog = catalog
  }

  /// The jobs that ended before `date`, oldest first.
  public func candidates(endedBefore date: Date) async throws -> [JobRecord] {
    var found: [JobRecord] = []
    for state in [JobState.done, .failed] {
      found += try await catalog.finishedJobs(before: date, state: state, limit: .max)
    }
    return found.sorted { $0.id < $1.id }
  }

  /// Removes a job's directory, its exported MP3 and its row; what remains is the knowledge that it was there.
  public func remove(_ record: JobRecord) async throws {
    if let name = JobName(record.directory) {
      try await BlockingThreads.run { [spool] () throws(SpoolError) in
        try spool.clean(name, in: record.state, exported: record.exportedName)
      }
    }
    try await catalog.expire(record.id)
  }
}
