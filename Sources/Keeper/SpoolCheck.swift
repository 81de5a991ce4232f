public import Catalog
import DurableFiles
public import Logging
public import Spool
public import SystemPackage
import Tokens

/// Something that is not as it should be.
public struct Finding: Sendable, Hashable, CustomStringConvertible {
  /// A sentence.
  public let description: String
  /// What puts it right; nil where that could lose something, so that a person must decide.
  public let remedy: Remedy?

  init(_ sentence: String, remedy: Remedy? = nil) { (description, self.remedy) = (sentence, remedy) }
}

/// What is safe to do to a spool, be it in use: all of it is what services do at their start, or hosts for one another.
public enum Remedy: Sendable, Hashable {
  /// Into `corrupt/`, where nothing is deleted.
  case quarantine(FilePath)
  /// The claims of a converter that is gone.
  case takeBack(Incarnation)
  case throwAway(FilePath)
  /// The index is made from the spool, which is the truth.
  case reindex
}

/// Compares the spool with its protocol and the index with the spool.
public struct SpoolCheck: Sendable {
  private let spool: Spool
  private let catalog: Catalog
  private let logger: Logger

  public init(spool: Spool, catalog: Catalog, logger: Logger) {
    self.spool = spool
    self.catalog = catalog
    self.logger = logger
  }

  /// What is not as it should be; it changes nothing. Jobs that move while the check runs may be named wrongly: what it
  /// says of an idle spool is certain.
  public func findings() async throws -> [Finding] {
    let places = try await BlockingThreads.run { [spool] () throws(SpoolError) in
      var places: [(state: JobState, name: JobName)] = []
      for state in JobState.allCases { places += try spool.list(state).map { (state, $0) } }
      return places
    }
    return try await strangers() + abandoned() + duplicates(places) + defects(places) + differences(places)
  }

  /// Carries the remedies of the findings out.
  public func mend(_ findings: [Finding]) async throws {
    for remedy in Set(findings.compactMap(\.remedy)) where remedy != .reindex {
      try await BlockingThreads.run { [spool] () throws(SpoolError) in
        switch remedy {
        case .quarantine(let path): try spool.quarantine(path)
        case .takeBack(let incarnation): try spool.reclaim(from: incarnation)
        case .throwAway(let path): try spool.throwAway(path)
        case .reindex: break
        }
      }
    }
    // Last, since the others move jobs.
    try await Indexer(spool: spool, catalog: catalog, logger: logger).scan()
  }

  /// What has no place in the protocol, or no more.
  private func strangers() async throws -> [Finding] {
    try await BlockingThreads.run { [spool] () throws(SpoolError) in
      let unknown = try spool.unknownNames().map { path, isDropped in
        Finding("\(path) has no name that the protocol knows", remedy: isDropped ? nil : .quarantine(path))
      }
      return unknown + (try spool.leftovers().map { Finding("\($0) was left over long ago", remedy: .throwAway($0)) })
    }
  }

  /// Claims of converters that are gone, of which no other converter is there to take them back.
  private func abandoned() async throws -> [Finding] {
    try await BlockingThreads.run { [spool] () throws(SpoolError) in
      let sighting = try spool.sightHosts()
      // A listing may miss a lease that is being renewed, two in a row hardly.
      let alive = Set((sighting.leases + (try spool.leases())).filter { !$0.isDead }.map(\.incarnation))
      return sighting.claims.filter { !alive.contains($0.owner) }.map {
        Finding("\($0.id) belongs to the converter \($0.owner), which is gone", remedy: .takeBack($0.owner))
      }
    }
  }

  /// Invariant 1: each job is in exactly one place. Which of them is the right one, a person must decide.
  private func duplicates(_ places: [(state: JobState, name: JobName)]) -> [Finding] {
    Dictionary(grouping: places, by: \.name.id).filter { $0.value.count > 1 }.map { id, places in
      Finding(
        "\(id) is in several places: \(places.map { "\($0.state.rawValue) \($0.name)" }.joined(separator: ", "))")
    }
  }

  /// Jobs that lack what every job has, and done jobs whose MP3 is not what its result says (invariant 3).
  private func defects(_ places: [(state: JobState, name: JobName)]) async throws -> [Finding] {
    let verifier = try spool.sidecarVerifier()
    var found: [Finding] = []
    for (state, name) in places {
      let directory = spool.layout.job(name, in: state)
      let complaints = try await BlockingThreads.run { [spool] () throws(SpoolError) in
        try spool.complaints(about: name, in: state)
      }
      found += complaints.map { Finding("\(directory): \($0)") }
      let problem = try await sidecarProblem(name, directory, verifier)
      if let problem { found.append(Finding("\(directory): \(problem)")) }
    }
    return found
  }

  private func sidecarProblem(
    _ name: JobName, _ directory: FilePath, _ verifier: SidecarVerifier
  ) async throws -> String? {
    do {
      let sidecar = try await BlockingThreads.run { [spool] () throws(SpoolError) in try spool.sidecar(in: directory) }
      _ = try await verifier.verify(sidecar, expecting: name.id)
      return nil
    } catch let error as SpoolError {
      if error.isTemporary { throw error }
      // That there is none is a complaint of its own.
      return error.cause?.isAbsent == true ? nil : "its sidecar cannot be read"
    } catch is TokenError { return "its sidecar is not signed by a key of this spool" }
  }

  /// Invariant 9: the index equals the spool.
  private func differences(_ places: [(state: JobState, name: JobName)]) async throws -> [Finding] {
    let rows = try await catalog.indexedJobs()
    let present = Dictionary(places.map { ($0.name.id, $0) }, uniquingKeysWith: { first, _ in first })
    let missing = present.keys.filter { rows[$0] == nil }.map { "\($0) is in the spool and not in the index" }
    let gone = rows.keys.filter { present[$0] == nil }.map { "\($0) is in the index and not in the spool" }
    let moved = present.compactMap { id, place in
      rows[id].flatMap { row in
        row.directory == place.name.description && row.state == place.state
          ? nil : "\(id) is \(place.state.rawValue) in the spool and \(row.state.rawValue) in the index"
      }
    }
    return (missing + gone + moved).sorted().map { Finding($0, remedy: .reindex) }
  }
}
