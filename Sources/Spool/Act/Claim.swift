import DurableFiles
public import SystemPackage

/// A job that this process owns: proof that its RENAME into `active/` was the one that happened.
public struct Claim: Sendable, Hashable {
  public let id: JobID
  public let attempt: Int
  public let owner: Incarnation
  public let number: ClaimNumber

  var name: JobName { .owned(id, attempt: attempt, by: owner, number) }
  var endedName: JobName { .ended(id, attempt: attempt, number) }

  init?(_ name: JobName) {
    guard case .owned(let id, let attempt, let owner, let number) = name else { return nil }
    (self.id, self.attempt, self.owner, self.number) = (id, attempt, owner, number)
  }

  init(_ id: JobID, attempt: Int, owner: Incarnation, number: ClaimNumber = ClaimNumber()) {
    (self.id, self.attempt, self.owner, self.number) = (id, attempt, owner, number)
  }
}

extension Spool {
  /// The names of the jobs that wait, oldest first.
  public func waitingJobs() throws(SpoolError) -> [JobName] {
    try list(.waiting).sorted { $0.id < $1.id }
  }

  /// The claims that `owner` has in the spool.
  public func claims(of owner: Incarnation) throws(SpoolError) -> [Claim] {
    try list(.active).compactMap(Claim.init).filter { $0.owner == owner }
  }

  /// Claims the waiting job `name` for `owner`; nil where somebody else was faster.
  ///
  /// - Parameter willMove: is told the claim before the rename, so that no moment passes in which the spool names this
  ///   process as the owner and the process does not know it.
  public func claim(
    _ name: JobName, for owner: Incarnation, willMove: (Claim) -> Void = { _ in }
  ) throws(SpoolError) -> Claim? {
    let claim = Claim(name.id, attempt: name.attempt, owner: owner)
    willMove(claim)
    // No synchronization: a claim that a power cut undoes is a job that waits.
    return try carryOut(.claim(claim)) == .moved ? claim : nil
  }

  /// Where a claimed job lies while it is claimed.
  public func directory(of claim: Claim) -> FilePath { layout.job(claim.name, in: .active) }

  /// The directory for the claim's output, made where it is missing.
  public func makeOutput(of claim: Claim) throws(SpoolError) -> FilePath {
    let output = JobFiles.output(of: claim.number, in: directory(of: claim))
    try spooling { () throws(FileError) in try Files.makeDirectoryIfAbsent(output) }
    return output
  }

  /// Leaves word of how far the claim's conversion is, for whoever looks; see ``progress(of:)``.
  public func report(_ progress: JobProgress, of claim: Claim) throws(SpoolError) {
    let output = JobFiles.output(of: claim.number, in: directory(of: claim))
    try spooling { () throws(FileError) in
      try Files.leaveHint(JSON.encode(progress), at: JobFiles.progress(inOutput: output))
    }
  }

  /// Publishes the claim's MP3s, which must be complete and synchronized, with `result` as its `result.json`.
  /// The rename into `done/` is the commit.
  ///
  /// - Returns: `.lost` where the claim was taken away in the meantime: then nothing was published by this call, and the
  ///   job is somebody else's.
  public func publish(_ claim: Claim, result: JobResult) throws(SpoolError) -> ClaimEnd {
    let output = JobFiles.output(of: claim.number, in: directory(of: claim))
    do {
      try withdrawReport(of: claim)
      try seal(output, of: claim, with: JSON.encode(result), as: JobFiles.result(inOutput: output))
    } catch {
      guard try isGone(claim) else { throw error }
      return .lost
    }
    return try end(claim, by: .publish(claim))
  }

  /// Ends a claim of this process that could not be converted, as `Verdict` decides; the reason is kept in the job.
  public func fail(_ claim: Claim, _ failure: JobFailure) throws(SpoolError) -> ClaimEnd {
    var failure = failure
    failure.attempt = claim.attempt
    try discardAudio(in: JobFiles.output(of: claim.number, in: directory(of: claim)))
    try record(failure, of: claim)
    return try end(claim, as: failure, with: claim.number)
  }

  /// Takes the claim of another process back, which is dead for all that can be known. Should it live after all, it finds
  /// that it lost its claim; so nothing of its output is touched before the rename, or it could publish what is gone.
  public func takeBack(_ claim: Claim, _ failure: JobFailure = .converterDied) throws(SpoolError) -> ClaimEnd {
    var failure = failure
    failure.attempt = claim.attempt
    let number = ClaimNumber()
    do {
      guard try leave(failure, for: number, in: directory(of: claim)) else { return .lost }
    } catch {
      if !error.isOutOfSpace { throw error }
    }
    return try end(claim, as: failure, with: number)
  }

  /// Gives a claim back unharmed, as at a stop.
  public func giveBack(_ claim: Claim) throws(SpoolError) -> ClaimEnd {
    try end(claim, by: .end(claim, .givenBack(claim)))
  }

  /// Puts a claimed job that is not what its sidecar says out of the way, into `corrupt/`.
  public func quarantine(_ claim: Claim, _ failure: JobFailure) throws(SpoolError) -> ClaimEnd {
    try record(failure, of: claim)
    let target = layout.corrupt.appending(claim.endedName.description)
    let outcome = try move(directory(of: claim), to: target, witness: .target)
    try synchronize(layout.corrupt, layout.active)
    return outcome == .moved ? .quarantined : .lost
  }

  /// - Parameter number: of the output that holds the reason.
  private func end(
    _ claim: Claim, as failure: JobFailure, with number: ClaimNumber
  ) throws(SpoolError) -> ClaimEnd {
    let earlier = try failures(in: directory(of: claim)).filter { $0.attempt < claim.attempt }
    return try end(claim, by: .end(claim, .afterFailure(of: claim, failure, number, earlier: earlier)))
  }

  private func end(_ claim: Claim, by transition: Transition) throws(SpoolError) -> ClaimEnd {
    let outcome = try carryOut(transition)
    // The rename stands, whatever these say. A power cut may undo it, and then the job is begun again.
    try? synchronize(layout[transition.target.state], layout.active)
    return outcome == .moved ? .moved(to: transition.target.state, transition.target.name) : .lost
  }

  /// How far the conversion was is of no interest once it has ended.
  private func withdrawReport(of claim: Claim) throws(SpoolError) {
    let output = JobFiles.output(of: claim.number, in: directory(of: claim))
    try spooling { () throws(FileError) in try Files.unlinkIfPresent(JobFiles.progress(inOutput: output)) }
  }

  /// Throws away what there is of MP3s: it is of no use to anybody, and takes room where that may be short.
  func discardAudio(in output: FilePath) throws(SpoolError) {
    let entries: [DirectoryEntry]
    do { entries = try Files.list(output) } catch {
      if error.isAbsent { return }
      throw SpoolError(error)
    }
    for entry in entries where JobFiles.isAudio(entry.name) { try throwAway(output.appending(entry.component)) }
  }

  /// Keeps the reason of a failure in the job. A full disk must not keep a job from ending, so here it is no error.
  private func record(_ failure: JobFailure, of claim: Claim) throws(SpoolError) {
    do {
      let output = try makeOutput(of: claim)
      try seal(output, of: claim, with: JSON.encode(failure), as: JobFiles.failure(inOutput: output))
    } catch {
      if error.isOutOfSpace { return }
      guard try isGone(claim) else { throw error }
    }
  }

  /// Is the claim still where its owner put it?
  public func owns(_ claim: Claim) throws(SpoolError) -> Bool { try !isGone(claim) }

  private func isGone(_ claim: Claim) throws(SpoolError) -> Bool {
    let directory = directory(of: claim)
    return try spooling { () throws(FileError) in !(try Files.witness(directory)) }
  }

  /// Saves `bytes` in a claim's output directory and makes that, and the job, durable.
  private func seal(
    _ output: FilePath, of claim: Claim, with bytes: [UInt8], as path: FilePath
  ) throws(SpoolError) {
    try spooling { () throws(FileError) in
      try Files.save(bytes, to: path)
      try Files.synchronize(directory: output)
      try Files.synchronize(directory: directory(of: claim))
    }
  }
}

/// How a claim ended.
public enum ClaimEnd: Sendable, Equatable {
  case moved(to: JobState, JobName)
  case quarantined
  /// Somebody else had taken the claim away; nothing was changed.
  case lost
}
