import Catalog
import DurableFiles
import Foundation
import Logging
import Spool
import SystemPackage
import Telemetry
public import Tokens
public import WireFormats

/// What becomes of a dropped file.
public struct DropRules: Sendable {
  let owner: String
  let options: ConversionOptions
  let signer: SidecarSigner

  /// - Parameters:
  ///   - owner: who owns the job.
  ///   - options: what is wanted of its conversion.
  ///   - signer: signs its sidecar.
  public init(owner: String, options: ConversionOptions, signer: SidecarSigner) {
    (self.owner, self.options, self.signer) = (owner, options, signer)
  }
}

/// Makes jobs of the files that people drop into `incoming/`.
struct DropFolder {
  private let spool: Spool
  private let catalog: Catalog
  private let fairShare: FairShare
  private let rules: @Sendable () -> DropRules
  private let logger: Logger
  private var settling: DropSettling
  /// Files of which was told that they cannot be adopted.
  private var refused: Set<FilePath.Component> = []

  init(
    spool: Spool, catalog: Catalog, fairShare: FairShare, rules: @escaping @Sendable () -> DropRules,
    settleTime: Duration, logger: Logger
  ) {
    self.spool = spool
    self.catalog = catalog
    self.fairShare = fairShare
    self.rules = rules
    self.logger = logger
    settling = DropSettling(settleTime: settleTime)
  }

  /// Are there files that must be looked at again soon?
  var isWaiting: Bool { settling.isWaiting }

  /// Rolls forward what a crash left between the file and its job.
  func recover() async throws {
    let interrupted = try await BlockingThreads.run { [spool] () throws(SpoolError) in try spool.interruptedAdoptions()
    }
    for adoption in interrupted { try await commit(adoption) }
  }

  /// Adopts the file of which inotify just told that its writer closed it, or that it was moved in. It does so without
  /// a listing: a thousand files that are moved in together tell of themselves a thousand times.
  mutating func take(_ name: FilePath.Component) async {
    guard !FileName.isPartial(name.string) else { return }
    do { try await adopt(name) } catch { refuse(name, error) }
  }

  /// Adopts every file that has settled.
  mutating func look() async throws {
    let dropped = try await BlockingThreads.run { [spool] () throws(SpoolError) in
      try spool.droppedFiles(except: FileName.isPartial)
    }
    let names = Set(dropped.map(\.name))
    settling.keep(names)
    refused.formIntersection(names)
    for (name, status) in dropped {
      guard settling.isComplete(name, status, at: .now) else { continue }
      do { try await adopt(name) } catch { refuse(name, error) }
    }
  }

  /// A file that cannot be adopted, such as one that we may not read, must not keep the others from it. It is tried again
  /// at each look and told of once.
  private mutating func refuse(_ name: FilePath.Component, _ error: any Error) {
    // Its owner took it away meanwhile: nobody waits for it.
    if (error as? SpoolError)?.cause?.isAbsent == true { return }
    guard refused.insert(name).inserted else { return }
    let shown = FileName.displayable(Array(name.string.utf8))
    logger.warning("not adopted", metadata: ["file": "\(shown)", "error": "\(error)"])
  }

  private func adopt(_ name: FilePath.Component) async throws {
    try await fairShare.withNewID(for: rules().owner) { id in
      let adoption = try await BlockingThreads.run { [spool] () throws(SpoolError) in try spool.adopt(name, as: id) }
      if let adoption { try await commit(adoption) }
    }
  }

  /// Nobody asked for it, so the id by which its logs and traces know it is made here.
  private func commit(_ adoption: Adoption) async throws {
    try await Telemetry.follow(Trace()) {
      try await Telemetry.span("adopt") { span in
        span.note("mp3spool.job", "\(adoption.id)")
        try await commit(adoption, in: Telemetry.trace)
      }
    }
  }

  private func commit(_ adoption: Adoption, in trace: Trace?) async throws {
    let name = FileName.displayable(adoption.droppedName)
    let rules = rules()
    let sidecar = Sidecar(
      id: adoption.id, owner: rules.owner, name: name, size: adoption.size, sha256: nil, options: rules.options,
      origin: .drop, issuedAt: Date(), trace: trace)
    let signed = try await rules.signer.sign(sidecar)
    try await BlockingThreads.run { [spool] () throws(SpoolError) in try spool.commit(adoption, sidecar: signed) }
    // The owner's next turn comes after this one. An index that cannot be written now finds the job at its next scan.
    try? await catalog.upsert(JobRecord(waiting: sidecar))
    logger.info("adopted", metadata: ["job": "\(adoption.id)", "file": "\(name)", "bytes": "\(adoption.size)"])
  }
}
