import DurableFiles
import SystemPackage

// What people ask of a job: cancel it, try it again, clean it up.

extension Spool {
  /// Ends a job that waits or is being converted, as failed for `reason`. A converter that works on it finds at its
  /// next rename that it lost its claim.
  ///
  /// - Returns: false where the job was in neither state, or moved on at this moment.
  public func cancel(_ id: JobID, because reason: JobFailure) throws(SpoolError) -> Bool {
    for state in [JobState.waiting, .active] {
      guard let name = try list(state).first(where: { $0.id == id }) else { continue }
      let number = ClaimNumber()
      let job = layout.job(name, in: state)
      var reason = reason
      reason.attempt = name.attempt
      guard try leave(reason, for: number, in: job) else { return false }
      let ended = layout.job(.ended(id, attempt: name.attempt, number), in: .failed)
      let outcome = try move(job, to: ended, witness: .target)
      try synchronize(layout.failed, layout[state])
      return outcome == .moved
    }
    return false
  }

  /// Leaves the reason of a cancellation in the job, beside what its converter may be writing; false where the job has
  /// moved on.
  private func leave(_ reason: JobFailure, for number: ClaimNumber, in job: FilePath) throws(SpoolError) -> Bool {
    let output = JobFiles.output(of: number, in: job)
    do {
      try Files.makeDirectory(output)
      try Files.save(JSON.encode(reason), to: JobFiles.failure(inOutput: output))
      try Files.synchronize(directory: job)
      return true
    } catch {
      if try spooling({ () throws(FileError) in try Files.witness(job) }) { throw SpoolError(error) }
      return false
    }
  }

  /// Puts a failed job back into `incoming/` for one more attempt.
  ///
  /// - Returns: false where it was not in `failed/`, or moved on at this moment.
  public func retry(_ id: JobID) throws(SpoolError) -> Bool {
    guard let name = try list(.failed).first(where: { $0.id == id }) else { return false }
    let waiting = JobName.waiting(id, attempt: name.attempt + 1)
    // `clean` moves failed jobs, too: that the old name is gone would not prove that the job waits.
    let outcome = try move(
      layout.job(name, in: .failed), to: layout.job(waiting, in: .waiting), witness: .target)
    try synchronize(layout.incoming, layout.failed)
    return outcome == .moved
  }

  /// Removes an ended job and its exported MP3. It must be called by the owner of the index only.
  public func clean(_ name: JobName, in state: JobState, exported: String?) throws(SpoolError) {
    guard case .ended(_, _, let number) = name, state == .done || state == .failed else { return }
    let job = layout.job(name, in: state)
    if let exported { try unexport(exported, of: number, in: job) }
    try throwAway(job)
    try synchronize(layout[state])
  }
}

// MARK: - Links for people

extension Spool {
  /// Links the MP3 of the done job `name` as a plain file into `done/`, under the first of `names` that is free.
  ///
  /// - Parameter names: `video.mp3`, `video (2).mp3` and so on, without end.
  /// - Returns: the name of the link, also where it had been made before; nil where the job is gone.
  public func export(_ name: JobName, as names: some Sequence<String>) throws(SpoolError) -> String? {
    guard case .ended(_, _, let number) = name else { return nil }
    let audio = JobFiles.audio(inOutput: JobFiles.output(of: number, in: layout.job(name, in: .done)))
    guard let inode = try spooling({ () throws(FileError) in try Files.status(audio) })?.inode else { return nil }
    for candidate in names {
      let link = layout.done.appending(candidate)
      do {
        try Files.link(audio, to: link)
        try synchronize(layout.done)
        return candidate
      } catch let error as FileError {
        // Never by errno (R3): a link that is there with our inode was made, whatever the answer was.
        switch try spooling({ () throws(FileError) in try Files.status(link) }) {
        case .some(let status) where status.inode == inode: return candidate
        case .some: continue
        case .none: throw SpoolError(error)
        }
      } catch let error as SpoolError { throw error } catch { return nil }
    }
    return nil
  }

  /// The name under which the MP3 of the done job `name` was exported before; nil where it has no other name.
  public func earlierExport(of name: JobName) throws(SpoolError) -> String? {
    guard case .ended(_, _, let number) = name else { return nil }
    let audio = JobFiles.audio(inOutput: JobFiles.output(of: number, in: layout.job(name, in: .done)))
    guard let status = try spooling({ () throws(FileError) in try Files.status(audio) }), status.linkCount > 1 else {
      return nil
    }
    for entry in try spooling({ () throws(FileError) in try Files.list(layout.done) }) where entry.kind == .file {
      let path = layout.done.appending(entry.component)
      let inode = try spooling { () throws(FileError) in try Files.status(path) }?.inode
      if inode == status.inode { return entry.name }
    }
    return nil
  }

  /// Removes an exported MP3, if it is still this job's own: a person may have put another file there.
  private func unexport(_ exported: String, of number: ClaimNumber, in job: FilePath) throws(SpoolError) {
    let link = layout.done.appending(exported)
    let audio = JobFiles.audio(inOutput: JobFiles.output(of: number, in: job))
    let (one, other) = try spooling { () throws(FileError) in (try Files.status(link), try Files.status(audio)) }
    if let one, let other, one.inode == other.inode { try throwAway(link) }
  }
}

extension JobFailure {
  /// A person ended the job.
  public static let cancelled = JobFailure(code: "cancelled", sentence: "the job was cancelled", isCertain: true)
}
