public import DurableFiles
public import SystemPackage

extension Spool {
  /// The names of the jobs in `state`, in no order; what has another shape is not among them. Whether a name of a job's
  /// shape is a directory is not asked, which over NFS would cost a request for each: whoever opens it finds out.
  public func list(_ state: JobState) throws(SpoolError) -> [JobName] {
    try spooling { () throws(FileError) in try Files.names(in: layout[state]) }.compactMap(JobName.init)
      .filter(state.admits)
  }

  /// When the directory of the jobs in `state` was changed last; see `Poll`.
  public func times(of state: JobState) throws(SpoolError) -> DirectoryTimes {
    try spooling { () throws(FileError) in try Files.times(of: layout[state]) }
  }

  /// The plain files in `incoming/` that may be adopted some day: not hidden and without a partial download's name.
  ///
  /// - Parameter isPartial: tells from a name that a program is still writing the file.
  public func droppedFiles(
    except isPartial: (String) -> Bool
  ) throws(SpoolError) -> [(name: FilePath.Component, status: FileStatus)] {
    var found: [(name: FilePath.Component, status: FileStatus)] = []
    let entries = try spooling { () throws(FileError) in
      try Files.list(layout.incoming) { JobName($0) != nil || isPartial($0) }
    }
    for entry in entries where entry.kind == .file {
      let path = layout.incoming.appending(entry.component)
      guard let status = try spooling({ () throws(FileError) in try Files.status(path) }), status.isAdoptable else {
        continue
      }
      found.append((entry.component, status))
    }
    return found
  }

  /// Is a process of this host still writing to the dropped file `name`? Where that cannot be told: no.
  public func isBeingWritten(_ name: FilePath.Component) throws(SpoolError) -> Bool {
    let path = layout.incoming.appending(name)
    do { return try Files.isOpenForWriting(path) ?? false } catch {
      if error.isAbsent { return false }
      throw SpoolError(error)
    }
  }

  /// Where the job `id` is now: its state and name, or nil where it is in none of the four places.
  ///
  /// A job may move while the places are searched, always onwards (or back to `incoming/`): so they are searched in
  /// the order of the flow, and once more before the answer is "nowhere".
  public func find(_ id: JobID) throws(SpoolError) -> (state: JobState, name: JobName)? {
    for _ in 0..<2 {
      for state in JobState.allCases {
        if let name = try list(state).first(where: { $0.id == id }) { return (state, name) }
      }
    }
    return nil
  }

  /// The bytes of the sidecar of a job that lies at `job`.
  public func sidecar(in job: FilePath) throws(SpoolError) -> [UInt8] {
    try spooling { () throws(FileError) in try Files.read(JobFiles.sidecar(in: job), limit: 64 << 10) }
  }

  /// The size of the source of a job that lies at `job`, in bytes.
  public func sourceSize(in job: FilePath) throws(SpoolError) -> Int64 {
    try spooling { () throws(FileError) in try SourceFile(reading: JobFiles.source(in: job)).status().size }
  }

  /// What the claim `number` achieved, in a job that lies at `job`; nil where it left no result.
  public func result(of number: ClaimNumber, in job: FilePath) throws(SpoolError) -> JobResult? {
    try decode(JobFiles.result(inOutput: JobFiles.output(of: number, in: job)))
  }

  /// Why the claim `number` ended, in a job that lies at `job`; nil where it left no reason.
  public func failure(of number: ClaimNumber, in job: FilePath) throws(SpoolError) -> JobFailure? {
    try decode(JobFiles.failure(inOutput: JobFiles.output(of: number, in: job)))
  }

  /// How far a job's conversion is, as its converter last said; nil where it has not said so yet, or is not at it.
  public func progress(of job: JobRecord) -> JobProgress? {
    JobName(job.directory).flatMap(Claim.init).flatMap(progress)
  }

  /// The same of a claim.
  public func progress(of claim: Claim) -> JobProgress? {
    let output = JobFiles.output(of: claim.number, in: directory(of: claim))
    return try? decode(JobFiles.progress(inOutput: output))
  }

  /// When the claim `number` ended, as time since 1970, in a job that lies at `job`: when its result or reason was
  /// written. nil where the job is not there.
  public func end(of number: ClaimNumber, in job: FilePath) throws(SpoolError) -> Duration? {
    let output = JobFiles.output(of: number, in: job)
    return try spooling { () throws(FileError) in
      for path in [JobFiles.result(inOutput: output), JobFiles.failure(inOutput: output), job] {
        if let status = try Files.status(path) { return status.modified }
      }
      return nil
    }
  }

  private func decode<Value: Decodable>(_ path: FilePath) throws(SpoolError) -> Value? {
    let bytes: [UInt8]
    do { bytes = try Files.read(path, limit: 1 << 20) } catch {
      if error.isAbsent { return nil }
      throw SpoolError(error)
    }
    guard let value = JSON.decode(Value.self, from: bytes) else {
      throw SpoolError(.unreadable, "\(path) is not what mp3spool writes there")
    }
    return value
  }
}

// MARK: - What a check asks

extension Spool {
  /// Directories where jobs are whose names have no shape that the protocol knows there.
  ///
  /// - Returns: their paths, and whether each may be a folder that somebody dropped into `incoming/`: it is left to them.
  public func unknownNames() throws(SpoolError) -> [(path: FilePath, isDropped: Bool)] {
    var found: [(path: FilePath, isDropped: Bool)] = []
    for state in JobState.allCases {
      let isKnown = { (name: String) in name.hasPrefix(".") || JobName(name).map(state.admits) ?? false }
      for entry in try spooling({ () throws(FileError) in try Files.list(layout[state], except: isKnown) })
      where entry.kind == .directory {
        let isDropped = state == .waiting && JobName(entry.name) == nil
        found.append((layout[state].appending(entry.component), isDropped))
      }
    }
    return found
  }

  /// What the job `name` lacks that a job in `state` has, a clause each.
  public func complaints(about name: JobName, in state: JobState) throws(SpoolError) -> [String] {
    let job = layout.job(name, in: state)
    return try spooling { () throws(FileError) in
      var found: [String] = []
      if try Files.status(JobFiles.source(in: job)) == nil { found.append("it has no source") }
      if try Files.status(JobFiles.sidecar(in: job)) == nil { found.append("it has no sidecar") }
      guard state == .done, case .ended(_, _, let number) = name else { return found }
      let output = JobFiles.output(of: number, in: job)
      if try Files.status(JobFiles.result(inOutput: output)) == nil { found.append("it has no result") }
      return found
    } + (try disagreement(of: name, in: state))
  }

  /// Whether a done job's MP3s are there with the size that its result says.
  private func disagreement(of name: JobName, in state: JobState) throws(SpoolError) -> [String] {
    guard state == .done, case .ended(_, _, let number) = name else { return [] }
    let job = layout.job(name, in: state)
    do {
      var found: [String] = []
      for result in try result(of: number, in: job)?.all ?? [] {
        let status = try spooling { () throws(FileError) in try Files.status(job.appending(result.output)) }
        if status == nil { found.append("it has no MP3") }
        if let size = status?.size, size != result.byteCount {
          found.append("its MP3 has \(size) bytes, but its result says \(result.byteCount)")
        }
      }
      return found
    } catch {
      if error.isTemporary { throw error }
      return ["its result cannot be read"]
    }
  }
}
