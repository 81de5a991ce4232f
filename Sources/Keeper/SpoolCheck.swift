public import Catalog
import DurableFiles
public import Spool
import SystemPackage
import Tokens

/// Compares the spool with its protocol and the index with the spool; it changes nothing.
public struct SpoolCheck: Sendable {
  private let spool: Spool
  private let catalog: Catalog

  public init(spool: Spool, catalog: Catalog) {
    self.spool = spool
    self.catalog = catalog
  }

  /// What is not as it should be, a sentence each. Jobs that move while the check runs may be named wrongly: what it
  /// says of an idle spool is certain.
  public func findings() async throws -> [String] {
    let places = try await BlockingThreads.run { [spool] () throws(SpoolError) in
      var places: [(state: JobState, name: JobName)] = []
      for state in JobState.allCases { places += try spool.list(state).map { (state, $0) } }
      return places
    }
    let strangers = try await BlockingThreads.run { [spool] () throws(SpoolError) in try spool.unknownNames() }
    return strangers.map { "\($0) has no name that the protocol knows" } + duplicates(places)
      + (try await defects(places)) + (try await differences(places))
  }

  /// Invariant 1: each job is in exactly one place.
  private func duplicates(_ places: [(state: JobState, name: JobName)]) -> [String] {
    Dictionary(grouping: places, by: \.name.id).filter { $0.value.count > 1 }.map { id, places in
      "\(id) is in several places: \(places.map { "\($0.state.rawValue) \($0.name)" }.joined(separator: ", "))"
    }
  }

  /// Jobs that lack what every job has, and done jobs whose MP3 is not what its result says (invariant 3).
  private func defects(_ places: [(state: JobState, name: JobName)]) async throws -> [String] {
    let verifier = try spool.sidecarVerifier()
    var found: [String] = []
    for (state, name) in places {
      let directory = spool.layout.job(name, in: state)
      let complaints = try await BlockingThreads.run { [spool] () throws(SpoolError) in
        try spool.complaints(about: name, in: state)
      }
      found += complaints.map { "\(directory): \($0)" }
      let problem = try await sidecarProblem(name, directory, verifier)
      if let problem { found.append("\(directory): \(problem)") }
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
  private func differences(_ places: [(state: JobState, name: JobName)]) async throws -> [String] {
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
    return (missing + gone + moved).sorted()
  }
}
