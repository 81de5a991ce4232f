public import Catalog
import DurableFiles
public import Logging
public import Spool
import Tokens
import WireFormats

/// Keeps the index equal to the spool, and links the MP3s of dropped files for people. One process does this: the one
/// that owns the database.
public struct Indexer: Sendable {
  private let spool: Spool
  private let catalog: Catalog
  private let logger: Logger

  /// How many jobs are read and written in one go.
  private static let batch = 200

  public init(spool: Spool, catalog: Catalog, logger: Logger) {
    self.spool = spool
    self.catalog = catalog
    self.logger = logger
  }

  /// Compares the spool with the index and mends the index.
  ///
  /// - Parameter states: where jobs may have come to. Only a scan of all finds that some are gone.
  /// - Returns: how many rows were written or removed.
  @discardableResult
  public func scan(_ states: Set<JobState> = Set(JobState.allCases)) async throws -> Int {
    let places = try await places(states)
    let known = try await catalog.indexedJobs()
    let changed = places.filter {
      known[$0.name.id]?.directory != $0.name.description || known[$0.name.id]?.state != $0.state
    }
    for batch in Self.batches(of: changed) { try await catalog.upsert(try await records(of: batch)) }
    guard states.count == JobState.allCases.count else { return changed.count }
    let present = Set(places.map(\.name.id))
    return changed.count + (try await forget(known.keys.filter { !present.contains($0) }))
  }

  /// Builds the index anew from nothing but the spool. A service may use the index meanwhile: at each moment it has each
  /// job's former row or its new one.
  ///
  /// - Returns: how many jobs it has now.
  public func rebuild() async throws -> Int {
    try await catalog.mendIndex()
    for batch in Self.batches(of: try await places(Set(JobState.allCases))) {
      let event = try await catalog.newestEvent()
      try await catalog.rewrite(try await records(of: batch), unlessChangedSince: event)
    }
    // What moved on meanwhile, and what the spool does not have.
    try await scan()
    return try await catalog.jobCounts().values.reduce(0, +)
  }

  /// Keeps the memory of what happened within bounds.
  func forgetEvents() async throws(CatalogError) { try await catalog.forgetEvents() }

  /// Brings the row of one job up to date, of which somebody saw that it came to `state` as `name`.
  public func refresh(_ name: JobName, in state: JobState) async throws {
    if let known = try await catalog.place(of: name.id), known == (state, name.description) { return }
    try await catalog.upsert(try await records(of: [Place(state: state, name: name)]))
  }

  private struct Place: Sendable {
    var state: JobState
    var name: JobName
  }

  private func places(_ states: Set<JobState>) async throws(SpoolError) -> [Place] {
    try await BlockingThreads.run { [spool] () throws(SpoolError) in
      var places: [Place] = []
      // In the order of the flow: a job that moves on meanwhile is seen twice rather than not at all.
      for state in JobState.allCases where states.contains(state) {
        places += try spool.list(state).map { Place(state: state, name: $0) }
      }
      return places
    }
  }

  private static func batches(of places: [Place]) -> [[Place]] {
    stride(from: 0, to: places.count, by: batch).map { Array(places[$0..<min($0 + batch, places.count)]) }
  }

  private func records(of places: [Place]) async throws -> [JobRecord] {
    let reader = try await BlockingThreads.run { [spool] in
      try JobReader(spool: spool, verifier: try spool.sidecarVerifier())
    }
    var records: [JobRecord] = []
    for place in places {
      guard var record = try await read(place, reader) else { continue }
      if record.state == .done { try await finish(&record, place.name) }
      records.append(record)
    }
    return records
  }

  /// The record of the job at `place`. One whose files are damaged must not keep all others out of the index.
  private func read(_ place: Place, _ reader: JobReader) async throws -> JobRecord? {
    do { return try await reader.record(of: place.name, in: place.state) } catch let error as SpoolError {
      if error.isTemporary { throw error }
      logger.warning("a job cannot be read", metadata: ["job": "\(place.name)", "error": "\(error)"])
      return nil
    }
  }

  /// Jobs that the index has and no listing showed: a job that went back to `incoming/` during the listings is looked
  /// for once more before it is forgotten.
  private func forget(_ missing: [JobID]) async throws -> Int {
    var count = 0
    for id in missing {
      let place = try await BlockingThreads.run { [spool] () throws(SpoolError) in try spool.find(id) }
      if let place { try await refresh(place.name, in: place.state) } else { try await catalog.expire(id) }
      count += 1
    }
    return count
  }

  /// What is left to do for a job when its converter has published it.
  private func finish(_ record: inout JobRecord, _ name: JobName) async throws {
    if record.attempt > 0 {
      try await BlockingThreads.run { [spool] () throws(SpoolError) in try spool.discardOthersAudio(of: name) }
    }
    if record.origin == .drop { record.exportedName = try await export(record, name) }
  }

  private func export(_ record: JobRecord, _ name: JobName) async throws -> String? {
    if let known = try await catalog.job(record.id)?.exportedName { return known }
    let exported = try await BlockingThreads.run { [spool] () throws(SpoolError) -> String? in
      if let earlier = try spool.earlierExport(of: name) { return earlier }
      return try spool.export(name, as: (1...).lazy.map { FileName.mp3Name(for: record.name, copy: $0) })
    }
    if let exported { logger.info("exported", metadata: ["job": "\(record.id)", "file": "\(exported)"]) }
    return exported
  }
}
