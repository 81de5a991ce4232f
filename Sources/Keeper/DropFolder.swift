import DurableFiles
import Foundation
import Logging
import Spool
import SystemPackage
import Tokens
import WireFormats

/// Makes jobs of the files that people drop into `incoming/`.
struct DropFolder {
  private let spool: Spool
  private let signer: SidecarSigner
  private let owner: String
  private let logger: Logger
  private var settling: DropSettling

  init(spool: Spool, signer: SidecarSigner, owner: String, settleTime: Duration, logger: Logger) {
    self.spool = spool
    self.signer = signer
    self.owner = owner
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

  /// Adopts every complete file.
  ///
  /// - Parameter ended: the file of which inotify just told that its writer closed it, or that it was moved in.
  mutating func look(ended: FilePath.Component? = nil) async throws {
    let dropped = try await BlockingThreads.run { [spool] () throws(SpoolError) in
      try spool.droppedFiles(except: FileName.isPartial)
    }
    settling.keep(Set(dropped.map(\.name.string)))
    for (name, status) in dropped {
      let isComplete = settling.isComplete(name.string, status, at: .now)
      guard name == ended || isComplete else { continue }
      try await adopt(name)
    }
  }

  private func adopt(_ name: FilePath.Component) async throws {
    let id = JobID(at: Date())
    let adoption = try await BlockingThreads.run { [spool] () throws(SpoolError) in
      // A file can be moved in, or look settled, while somebody still has it open and writes.
      try spool.isBeingWritten(name) ? nil : try spool.adopt(name, as: id)
    }
    if let adoption { try await commit(adoption) }
  }

  private func commit(_ adoption: Adoption) async throws {
    let name = FileName.displayable(adoption.droppedName)
    let sidecar = Sidecar(
      id: adoption.id, owner: owner, name: name, size: adoption.size, sha256: nil, options: ConversionOptions(),
      origin: .drop, issuedAt: Date())
    let signed = try await signer.sign(sidecar)
    try await BlockingThreads.run { [spool] () throws(SpoolError) in try spool.commit(adoption, sidecar: signed) }
    logger.info("adopted", metadata: ["job": "\(adoption.id)", "file": "\(name)", "bytes": "\(adoption.size)"])
  }
}
