import DurableFiles
import SystemPackage

// What people ask of a job: cancel it, try it again, clean it up. Its MP3's name for people is in Export.swift.

extension Spool {
  /// Ends a job that waits or is being converted, as failed for `reason`. A converter that works on it finds at its
  /// next rename that it lost its claim.
  ///
  /// - Returns: false where the job has ended, or there is none.
  public func cancel(_ id: JobID, because reason: JobFailure) throws(SpoolError) -> Bool {
    // Where it moved on at this moment it need not have ended: it may have been claimed, or given back.
    for _ in 0..<5 {
      guard let (state, name) = try find(id), state == .waiting || state == .active else { return false }
      if try cancel(name, in: state, because: reason) { return true }
    }
    return false
  }

  private func cancel(
    _ name: JobName, in state: JobState, because reason: JobFailure
  ) throws(SpoolError) -> Bool {
    let number = ClaimNumber()
    var reason = reason
    reason.attempt = name.attempt
    guard try leave(reason, for: number, in: layout.job(name, in: state)) else { return false }
    let outcome = try carryOut(.cancel(name, in: state, number))
    try synchronize(layout.failed, layout[state])
    return outcome == .moved
  }

  /// Puts a failed job back into `incoming/` for one more attempt.
  ///
  /// - Returns: false where it was not in `failed/`, or moved on at this moment.
  public func retry(_ id: JobID) throws(SpoolError) -> Bool {
    guard let name = try list(.failed).first(where: { $0.id == id }) else { return false }
    let outcome = try carryOut(.retry(name))
    try synchronize(layout.incoming, layout.failed)
    return outcome == .moved
  }

  /// Removes an ended job and its exported MP3. It must be called by the owner of the index only.
  ///
  /// - Returns: false where it had not ended, or was not there: it may have been tried again at this moment.
  @discardableResult
  public func clean(_ name: JobName, in state: JobState, exported: String?) throws(SpoolError) -> Bool {
    guard case .ended(_, _, let number) = name, state == .done || state == .failed else { return false }
    let job = layout.job(name, in: state)
    if let exported { try unexport(exported, of: number, in: job) }
    let isGone = try throwAway(job)
    try synchronize(layout[state])
    return isGone
  }
}

extension JobFailure {
  /// A person ended the job.
  public static let cancelled = JobFailure(code: "cancelled", sentence: "the job was cancelled", isCertain: true)
}
